// /runnerfs/cache/1.0.0: membership first, then questions and answers in sealed frames, bodies streamed with
// back-pressure, announcements within bounds. runnerfs-p2p(7). What may be answered, and what an answer is worth, is
// for who uses this.
//
// Loop thread, but for what says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "p2p/cache_messages.h"
#include "p2p/connection.h"
#include "p2p/network_key.h"

namespace rfs::p2p {

inline constexpr const char* kCacheProtocolName = "/runnerfs/cache/1.0.0";

// Reads a piece of a body: done is called once, inline or on any thread, with exactly `size` bytes or a failure.
using BodyRead = std::function<void(std::uint64_t offset, std::size_t size, std::function<void(Result<Bytes>)> done)>;

// An answer to one index of a question.
struct Found {
  Have have;
  BodyRead read;
};

class CacheEvents {
 public:
  virtual ~CacheEvents() = default;
  virtual void on_member(Connection&) {}
  // It could not prove membership. The connection ends.
  virtual void on_stranger(Connection&, const Error& /*why*/) {}
  // It broke the format: its stream was reset.
  virtual void on_misbehaviour(Connection&, const Error& /*why*/) {}
  virtual void on_announce(Connection&, const Announce&) {}
  // Must not block. `done` is called once, on any thread; what is not in the list is a miss.
  virtual void on_ask(Connection& connection, const Ask& ask, std::function<void(std::vector<Found>)> done) = 0;
};

// What comes of a question. on_done is the last call.
class AskEvents {
 public:
  virtual ~AskEvents() = default;
  virtual void on_have(const Have&) {}
  virtual void on_body(BytesView) {}
  virtual void on_whole(std::uint16_t /*index*/) {}  // all bytes came, and their SHA-256 is what HAVE said
  // Success: the peer said all it had. kLimited: it is busy. Else why not.
  virtual void on_done(Result<> result) = 0;
};

struct CacheLimits {
  double asks_per_second = 100, asks_burst = 200;
  double bytes_per_second = 10e6, bytes_burst = 100u << 20;
  Millis proof{5'000};
  std::size_t streams = 32;
  Millis announce_every{10'000};
};

class CacheProtocol {
 public:
  // previous: the network's key before a rotation. post: Loop::post. events outlives it.
  CacheProtocol(NetworkKey key, std::optional<NetworkKey> previous, PeerId self, CacheLimits limits,
                CacheEvents& events, std::function<bool(std::function<void()>)> post);
  ~CacheProtocol();

  // For the host's table; the protocol object outlives the host.
  Protocol protocol();
  // From the host's events, for each connection.
  void on_ready(Connection& connection);
  void on_gone(Connection& connection);

  bool is_member(const Connection& connection) const;
  // The stream may be reset to give up, which on_done then tells. Null: no member, or no more streams; `events` is
  // then gone without a call. REQUIRES: 1 to kAskMost digests.
  std::shared_ptr<Stream> ask(Connection& connection, const Ask& ask, std::unique_ptr<AskEvents> events);
  // At most 256 entries, not more often than the limit; false: not sent.
  bool announce(Connection& connection, const Announce& announce);
  void go_away(Connection& connection, std::uint8_t reason);
  // Any thread.
  Digest ask_id(BytesView canonical) const { return key_.ask_id(canonical); }

  struct Member;

 private:
  friend class ProofHandler;
  friend class AnswerHandler;
  friend class QuestionHandler;
  std::unique_ptr<StreamHandler> accept(Stream& stream);
  void misbehaved(Stream& stream, const Error& why);
  std::shared_ptr<Member> member_of(const Connection& connection) const;

  const NetworkKey key_;
  const std::optional<NetworkKey> previous_;
  const PeerId self_;
  const CacheLimits limits_;
  CacheEvents& events_;
  const std::function<bool(std::function<void()>)> post_;
  std::unordered_map<const Connection*, std::shared_ptr<Member>> members_;
};

}  // namespace rfs::p2p
