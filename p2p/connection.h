// Connection: everything between a socket's bytes and an application's streams. multistream-select, Noise,
// multistream-select or early muxer negotiation, yamux, and multistream-select on each stream.
//
// Bytes in, bytes out: it has no socket and no clock of its own, so that two of them can be joined in a test, and a
// hostile one can be played byte by byte. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "p2p/messages.h"
#include "p2p/secure_channel.h"
#include "p2p/stream.h"
#include "p2p/yamux.h"

namespace rfs::p2p {

// What this node speaks when a peer opens a stream.
struct Protocol {
  std::function<std::unique_ptr<StreamHandler>(Stream&)> accept;  // null: refused
  std::size_t most = 32;                                          // streams of it on one connection
};
using Protocols = std::map<std::string, Protocol, std::less<>>;

struct ConnectionOptions {
  YamuxOptions yamux;
  Millis upgrade{10'000};             // until streams can be opened
  Millis negotiation{10'000};         // of one stream
  Millis idle_stream{60'000};         // without a byte in either direction
  Millis ping_every{30'000};          // keep-alive
  Millis ping_answer{15'000};         // without a byte after a ping: dead
  std::size_t negotiating = 32;       // inbound streams without a protocol
  std::size_t unread = 8u << 20;      // bytes that handlers have not consumed, all streams
  std::uint32_t idle_frames = 5'000;  // a second, of frames that carry nothing
};

class Connection {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Who it is has been proven. False: the connection is not wanted.
    virtual bool on_secured(Connection& connection) = 0;
    virtual void on_ready(Connection& connection) = 0;
    // There is something to send: call produce() soon. Comes often.
    virtual void on_output(Connection& connection) = 0;
    // The last call: send what produce() still gives, then end the transport. Do not destroy the connection in it.
    virtual void on_closed(Connection& connection, const Error& why) = 0;
    // Bytes that handlers hold, of all connections: false when there is no room for more.
    virtual bool hold(std::size_t bytes) = 0;
    virtual void release(std::size_t bytes) = 0;
  };

  // identity, protocols and owner outlive it.
  Connection(Role role, PeerId expected, const ConnectionOptions& options, const SigningKey& identity,
             const Protocols& protocols, Owner& owner, SteadyTime now);
  ~Connection();

  // From the transport. `bytes` are used as working memory.
  void receive(MutableBytes bytes, SteadyTime now);
  void input_ended();
  // To the transport: appends until `out` holds `most` bytes or nothing is left.
  void produce(Bytes& out, std::size_t most);
  bool has_output() const;
  // Deadlines; about once a second.
  void tick(SteadyTime now);

  // Null: the connection cannot open streams. eager: data is sent along before the peer has agreed, for protocols that
  // it is known to speak.
  std::shared_ptr<Stream> open(std::string protocol, std::unique_ptr<StreamHandler> handler, bool eager = false);
  // No new streams; ends when the open ones have ended.
  void close();
  // Ends now; streams are reset.
  void abort(Error why);

  bool ready() const { return phase_ == Phase::kOpen; }
  bool closed() const { return phase_ == Phase::kClosed; }
  Role role() const { return role_; }
  const PeerId& peer() const { return session_.peer; }
  const Digest& handshake_hash() const { return session_.hash; }
  std::size_t streams() const { return streams_.size(); }
  std::optional<Millis> latency() const { return latency_; }  // of the last keep-alive
  SteadyTime now() const { return now_; }
  // Filled by identify; empty before.
  Identify identify;

 private:
  friend class Stream;
  class Sessions;  // yamux's events
  enum class Phase { kSecurity, kHandshake, kMuxer, kOpen, kClosed };

  Result<> take(MutableBytes bytes);
  Result<> message(MutableBytes message);
  Result<> select_security(MutableBytes& bytes);
  Result<> handshake(BytesView message);
  void send_handshake();
  Result<> secured();
  Result<> select_muxer(BytesView& plain);
  void start_yamux();
  Result<> seal_raw(BytesView plain);
  void close_with(GoAway code, Error why);
  void charge_idle_frames();
  void keep_alive();
  void close_if_drained();

  bool stream_opened(std::uint32_t id);
  void stream_data(std::uint32_t id, BytesView data);
  void stream_fin(std::uint32_t id);
  void stream_gone(std::uint32_t id, bool reset);
  void negotiate(const std::shared_ptr<Stream>& stream, BytesView& data);
  void agreed(const std::shared_ptr<Stream>& stream);
  void deliver(const std::shared_ptr<Stream>& stream, BytesView data);
  std::size_t open_of(std::string_view protocol) const;
  // Takes it out of the table; on_end follows in settle().
  void end(const std::shared_ptr<Stream>& stream, StreamEnd why);
  void settle();

  const Role role_;
  const PeerId expected_;
  const ConnectionOptions options_;
  const SigningKey& identity_;
  const Protocols& protocols_;
  Owner& owner_;
  const SteadyTime started_;
  SteadyTime now_;

  Phase phase_ = Phase::kSecurity;
  std::unique_ptr<Multistream> select_;
  std::unique_ptr<NoiseHandshake> handshake_;
  NoiseSession session_;
  NoiseFrames frames_;
  std::unique_ptr<SecureChannel> channel_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<YamuxSession> yamux_;
  std::unordered_map<std::uint32_t, std::shared_ptr<Stream>> streams_;
  std::vector<std::shared_ptr<Stream>> ending_;
  Bytes raw_;  // ready for the wire, before yamux's frames
  bool draining_ = false;
  int busy_ = 0;  // calls that may be inside a handler
  std::size_t unread_ = 0;

  double frame_tokens_;
  SteadyTime tokens_at_;
  SteadyTime received_at_, ping_at_, ping_sent_;
  bool ping_open_ = false;
  std::uint32_t ping_value_ = 0;
  std::optional<Millis> latency_;
};

}  // namespace rfs::p2p
