#include "p2p/ping.h"

#include <sodium.h>

namespace rfs::p2p {
namespace {

constexpr std::size_t kPingSize = 32;

class Answering final : public StreamHandler {
 public:
  void on_data(Stream& stream, BytesView data) override {
    while (!data.empty()) {
      const BytesView piece = data.first(std::min(kPingSize - partial_.size(), data.size()));
      append(partial_, piece);
      data = data.subspan(piece.size());
      stream.consumed(piece.size());
      if (partial_.size() < kPingSize) return;
      // A peer that asks and does not take the answers is not worth a buffer.
      if (stream.buffered() > 64 * kPingSize) return stream.reset();
      stream.write(std::exchange(partial_, {}));
    }
  }
  void on_fin(Stream& stream) override { stream.finish(); }

 private:
  Bytes partial_;
};

class Asking final : public StreamHandler {
 public:
  explicit Asking(std::function<void(Result<std::chrono::microseconds>)> done)
      : sent_(kPingSize), done_(std::move(done)) {
    randombytes_buf(sent_.data(), sent_.size());
  }
  void on_open(Stream& stream) override {
    started_ = std::chrono::steady_clock::now();
    stream.write(BytesView(sent_));
  }
  void on_data(Stream& stream, BytesView data) override {
    append(got_, data);
    stream.consumed(data.size());
    if (got_.size() < kPingSize) return;
    if (got_ == sent_)
      answer(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started_));
    stream.finish();
  }
  void on_fin(Stream& stream) override { stream.finish(); }
  void on_end(Stream&, StreamEnd) override { answer(fail(Code::kBroken, "the peer did not answer a ping")); }

 private:
  void answer(Result<std::chrono::microseconds> result) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(result));
  }
  Bytes sent_, got_;
  SteadyTime started_{};
  std::function<void(Result<std::chrono::microseconds>)> done_;
};

}  // namespace

Protocol ping_protocol() {
  return {[](Stream&) { return std::make_unique<Answering>(); }, 2};
}

void ping(Connection& connection, std::function<void(Result<std::chrono::microseconds>)> done) {
  auto asking = std::make_unique<Asking>(done);
  if (!connection.open(kPingProtocol, std::move(asking)))
    done(fail(Code::kUnreachable, "the connection opens no streams"));
}

}  // namespace rfs::p2p
