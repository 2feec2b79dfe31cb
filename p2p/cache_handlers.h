// The three kinds of streams of /runnerfs/cache/1.0.0: the proof (which becomes the control stream), a question that we
// ask, and one that we answer.
#pragma once

#include "crypto/hash.h"
#include "p2p/cache_protocol.h"
#include "p2p/sealed_frames.h"

namespace rfs::p2p {

// A bucket that fills with time.
class Allowance {
 public:
  Allowance(double per_second, double burst, SteadyTime now)
      : per_second_(per_second), burst_(burst), left_(burst), at_(now) {}
  // True while there is something left; takes `n`, into debt if it must.
  bool take(double n, SteadyTime now);
  // Until it is out of debt.
  Millis wait(SteadyTime now);

 private:
  void refill(SteadyTime now);
  double per_second_, burst_, left_;
  SteadyTime at_;
};

// What is known of the other end of a connection.
struct CacheProtocol::Member {
  Member(const CacheLimits& limits, SteadyTime now)
      : asks(limits.asks_per_second, limits.asks_burst, now), bytes(limits.bytes_per_second, limits.bytes_burst, now) {}
  SecretBytes session;  // PRK; empty until membership is proven
  bool proving = false;
  std::weak_ptr<Stream> control;
  std::unique_ptr<FrameSealer> control_sealer;
  SteadyTime announced{}, heard{};  // the last announcement, out and in
  Allowance asks, bytes;
};

class ProofHandler final : public StreamHandler {
 public:
  ProofHandler(CacheProtocol& protocol, std::shared_ptr<CacheProtocol::Member> member, bool dialer)
      : protocol_(protocol), member_(std::move(member)), dialer_(dialer) {}
  void on_open(Stream& stream) override;
  void on_data(Stream& stream, BytesView data) override;
  void on_fin(Stream& stream) override { stream.reset(); }

 private:
  void prove(Stream& stream);
  void proven(Stream& stream, SecretBytes session);
  Result<> frame(Stream& stream, BytesView plaintext);
  NetworkKey::Transcript transcript(Stream& stream) const;

  CacheProtocol& protocol_;
  const std::shared_ptr<CacheProtocol::Member> member_;
  const bool dialer_;
  SteadyTime begun_{};
  Bytes proof_;
  Digest own_mac_{};
  std::unique_ptr<FrameOpener> opener_;
};

class QuestionHandler final : public StreamHandler {
 public:
  QuestionHandler(CacheProtocol& protocol, std::shared_ptr<CacheProtocol::Member> member, Ask ask,
                  std::unique_ptr<AskEvents> events)
      : protocol_(protocol), member_(std::move(member)), ask_(std::move(ask)), events_(std::move(events)) {}
  void on_open(Stream& stream) override;
  void on_data(Stream& stream, BytesView data) override;
  void on_end(Stream& stream, StreamEnd why) override;

 private:
  Result<> frame(BytesView plaintext);
  Result<> have(const Have& have);
  Result<> body(const BodyPiece& piece);
  Result<> finished();

  CacheProtocol& protocol_;
  const std::shared_ptr<CacheProtocol::Member> member_;
  const Ask ask_;
  const std::unique_ptr<AskEvents> events_;
  std::unique_ptr<FrameOpener> opener_;
  std::size_t next_index_ = 0;  // indices come in ascending order
  bool in_body_ = false, ended_ = false, busy_ = false;
  Have current_;
  std::uint64_t left_ = 0;
  Sha256 hash_;
};

class AnswerHandler final : public StreamHandler {
 public:
  AnswerHandler(CacheProtocol& protocol, std::shared_ptr<CacheProtocol::Member> member)
      : protocol_(protocol), member_(std::move(member)) {}
  void on_open(Stream& stream) override;
  void on_data(Stream& stream, BytesView data) override;
  void on_fin(Stream& stream) override;
  void on_room(Stream& stream) override { pump(stream); }

 private:
  Result<> frame(Stream& stream, BytesView plaintext);
  Result<> asked(Stream& stream, const Ask& ask);
  void answer(Stream& stream, std::vector<Found> found);
  void pump(Stream& stream);
  bool next_index(Stream& stream);
  void read_piece(Stream& stream);
  void piece_read(Stream& stream, std::size_t size, Result<Bytes> bytes);
  void say(Stream& stream, const Bytes& plaintext) { stream.write(sealer_->seal(plaintext)); }

  CacheProtocol& protocol_;
  const std::shared_ptr<CacheProtocol::Member> member_;
  std::unique_ptr<FrameOpener> opener_;
  std::unique_ptr<FrameSealer> sealer_;
  Ask ask_;
  bool has_ask_ = false, ask_ended_ = false;
  bool answering_ = false, reading_ = false, said_end_ = false;
  std::vector<Found> found_;
  std::size_t index_ = 0;  // of the question, next to be answered
  const Found* current_ = nullptr;
  std::uint64_t at_ = 0;  // in the current body
};

}  // namespace rfs::p2p
