#include "p2p/identify.h"

#include "p2p/varint.h"

namespace rfs::p2p {
namespace {

constexpr std::size_t kMessagesMost = 10;

void say(Stream& stream, const Identify& message) {
  Bytes out;
  append_prefixed(out, encode(message));
  stream.write(std::move(out));
  stream.finish();
}

class Answering final : public StreamHandler {
 public:
  explicit Answering(SelfDescription self) : self_(std::move(self)) {}
  void on_open(Stream& stream) override { say(stream, self_(stream.connection())); }
  void on_data(Stream& stream, BytesView data) override { stream.consumed(data.size()); }

 private:
  SelfDescription self_;
};

// Gathers uvarint-framed messages until the peer has finished.
class ReadingIdentify : public StreamHandler {
 public:
  void on_data(Stream& stream, BytesView data) override {
    append(bytes_, data);
    stream.consumed(data.size());
    BytesView rest = bytes_;
    while (!rest.empty()) {
      BytesView at = rest;
      std::uint64_t size = 0;
      const Varint read = take_uvarint(at, size);
      if (read == Varint::kBad || size > kIdentifyMost || messages_ > kMessagesMost) return stream.reset();
      const auto message = take_prefixed(rest);
      if (!message) break;
      ++messages_;
      if (!decode_identify(*message, gathered_)) return stream.reset();
    }
    bytes_ = Bytes(rest.begin(), rest.end());
  }
  void on_fin(Stream& stream) override {
    if (messages_ > 0 && bytes_.empty()) stream.connection().identify = std::move(gathered_);
    stream.finish();
  }

 private:
  Bytes bytes_;
  std::size_t messages_ = 0;
  Identify gathered_;
};

class Asking final : public ReadingIdentify {
 public:
  explicit Asking(std::function<void()> done) : done_(std::move(done)) {}
  void on_end(Stream&, StreamEnd) override { done_(); }

 private:
  std::function<void()> done_;
};

class Pushing final : public StreamHandler {
 public:
  explicit Pushing(Identify message) : message_(std::move(message)) {}
  void on_open(Stream& stream) override { say(stream, message_); }
  void on_data(Stream& stream, BytesView data) override { stream.consumed(data.size()); }

 private:
  Identify message_;
};

}  // namespace

Protocol identify_protocol(SelfDescription self) {
  return {[self = std::move(self)](Stream&) { return std::make_unique<Answering>(self); }, 4};
}

Protocol identify_push_protocol() {
  return {[](Stream&) { return std::make_unique<ReadingIdentify>(); }, 2};
}

void identify(Connection& connection, std::function<void()> done) {
  if (!connection.open(kIdentifyProtocol, std::make_unique<Asking>(done))) done();
}

void push_identify(Connection& connection, const SelfDescription& self) {
  connection.open(kIdentifyPushProtocol, std::make_unique<Pushing>(self(connection)));
}

}  // namespace rfs::p2p
