#include "p2p/token_exchange.h"

namespace rfs::p2p {
namespace {

// What the streams of one protocol share.
struct Shared {
  const SecretBytes& key;
  TokenService service;
  std::function<bool(std::function<void()>)> post;
  std::size_t unproven = 0, proven = 0;  // bytes of unfinished tokens
};

class Receiving final : public StreamHandler {
 public:
  explicit Receiving(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), reader_(FernetReader(shared_->key, shared_->service.token_most)) {}
  ~Receiving() override { forget(); }

  void on_open(Stream& stream) override {
    stream.idle_limit(shared_->service.idle);
    proven_ = shared_->service.proven && shared_->service.proven(stream.connection().peer());
  }

  void on_data(Stream& stream, BytesView data) override {
    stream.consumed(data.size());
    came_ += data.size();
    if (came_ > shared_->service.token_most) return stream.reset();
    if (!reader_) return;  // it is answered: what follows is taken off the wire and dropped
    const auto state = reader_->add(text(data));
    if (state == FernetReader::State::kBad) return refuse(stream);
    if (state == FernetReader::State::kWhole) return receive(stream);
    if (!hold()) stream.reset();
  }

  void on_fin(Stream& stream) override {
    if (!reader_) return;
    if (came_ > 0) return refuse(stream);
    forget();
    stream.finish();
  }

 private:
  bool hold() {
    std::size_t& sum = proven_ ? shared_->proven : shared_->unproven;
    const std::size_t most = proven_ ? shared_->service.proven_most : shared_->service.unproven_most;
    sum = sum - held_ + reader_->held();
    held_ = reader_->held();
    return sum <= most;
  }
  void forget() {
    (proven_ ? shared_->proven : shared_->unproven) -= std::exchange(held_, 0);
    reader_.reset();
  }

  void refuse(Stream& stream) {
    forget();
    if (shared_->service.refused) shared_->service.refused(stream.connection());
    answer(stream, shared_->service.not_decrypted);
  }

  void receive(Stream& stream) {
    auto message = reader_->finish();
    forget();
    if (!message) return refuse(stream);
    // The answer comes from another thread, and the stream may have ended by then.
    shared_->service.received(stream.connection(), std::move(*message),
                              [post = shared_->post, weak = stream.weak_from_this()](std::string said) {
                                post([weak, said = std::move(said)] {
                                  if (const auto there = weak.lock()) answer(*there, said);
                                });
                              });
  }

  static void answer(Stream& stream, const std::string& said) {
    stream.write(view(said));
    stream.finish();
  }

  const std::shared_ptr<Shared> shared_;
  std::optional<FernetReader> reader_;
  bool proven_ = false;
  std::size_t came_ = 0, held_ = 0;
};

class Sending final : public StreamHandler {
 public:
  Sending(std::string token, std::size_t most, std::function<void(Result<std::string>)> done)
      : token_(std::move(token)), most_(most), done_(std::move(done)) {}
  void on_open(Stream& stream) override {
    stream.write_in_one_frame(Bytes(token_.begin(), token_.end()));
    std::string().swap(token_);
    stream.finish();
  }
  void on_data(Stream& stream, BytesView data) override {
    stream.consumed(data.size());
    if (answer_.size() + data.size() > most_) return stream.reset();
    answer_ += text(data);
  }
  void on_end(Stream&, StreamEnd why) override {
    if (why == StreamEnd::kFinished) return done_(std::move(answer_));
    if (why == StreamEnd::kRefused) return done_(fail(Code::kUnsupported, "the peer does not speak this protocol"));
    done_(fail(Code::kUnreachable, "the peer did not answer a message"));
  }

 private:
  std::string token_;
  const std::size_t most_;
  std::string answer_;
  std::function<void(Result<std::string>)> done_;
};

}  // namespace

Protocol token_protocol(const SecretBytes& key, TokenService service, std::function<bool(std::function<void()>)> post) {
  auto shared = std::make_shared<Shared>(Shared{key, std::move(service), std::move(post)});
  return {[shared](Stream&) { return std::make_unique<Receiving>(shared); }, 32};
}

void send_token(Connection& connection, const std::string& protocol, std::string token, std::size_t answer_most,
                std::function<void(Result<std::string>)> done) {
  auto sending = std::make_unique<Sending>(std::move(token), answer_most, done);
  if (!connection.open(protocol, std::move(sending))) done(fail(Code::kUnreachable, "the connection opens no streams"));
}

}  // namespace rfs::p2p
