// Host: a libp2p node over TCP. It listens, dials, keeps connections within limits, identifies peers, and gives streams
// to the handlers of a table of protocols.
//
// One thread, the loop's, runs everything: handlers, events and every function here but those that say "any thread".
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "p2p/connection.h"
#include "p2p/ip_limits.h"
#include "p2p/loop.h"
#include "p2p/multiaddr.h"

namespace rfs::p2p {

struct HostOptions {
  std::vector<std::string> addresses{"0.0.0.0", "::"};  // to listen on
  std::vector<std::uint16_t> ports;                     // tried in order; empty: does not listen
  std::string agent = "runnerfs/" RFS_VERSION;
  ConnectionOptions connection;
  IpLimitOptions limits;
  std::size_t per_peer = 3;        // connections with one peer id
  std::size_t memory = 64u << 20;  // that all handlers together may hold of what peers sent
  std::size_t dials = 32;          // under way at a time
  Millis dial_timeout{10'000};     // TCP alone
  Millis grace{2'000};             // for open streams when the host stops
  Millis shun{600'000};            // how long a peer that broke the format is refused
};

struct PeerInfo {
  PeerId id;
  Multiaddr address;          // of its end of the connection
  Role role = Role::kDialer;  // of this side
  std::string agent;
  std::vector<std::string> protocols;
  std::optional<Millis> latency;
  std::size_t streams = 0;
};

class HostEvents {
 public:
  virtual ~HostEvents() = default;
  // Streams can be opened; who it is is proven. connection.identify is still empty.
  virtual void on_ready(Connection&) {}
  // It has said what it is, or has not; once for a connection that is still open.
  virtual void on_identified(Connection&) {}
  // Of a connection that was ready. The last call about it.
  virtual void on_gone(Connection&, const Error& /*why*/) {}
  // Somebody came who was not let in: too many were there, or came too fast.
  virtual void on_turned_away() {}
  // Somebody was let in, and the connection ended before it was ready: no handshake in time, or none that is one.
  virtual void on_unfinished(const Error& /*why*/) {}
};

class Host {
 public:
  // The table may not hold identify or ping, which are the host's own. kBusy and others: it cannot listen. events
  // outlives the host. Make it after the process has daemonised.
  static Result<std::unique_ptr<Host>> start(HostOptions options, SigningKey key, Protocols protocols,
                                             HostEvents& events);
  ~Host();  // stop()
  // Any thread but the loop's. Listens no more, lets open streams end for the grace period, then ends everything.
  // Idempotent.
  void stop();

  // Any thread.
  const PeerId& id() const;
  const std::string& listen_note() const;    // Listening::note
  std::uint16_t port() const;                // 0: does not listen
  std::vector<Multiaddr> addresses() const;  // where it listens, without the peer id
  std::vector<PeerInfo> peers() const;       // as of the last second
  std::uint64_t bytes_in() const;
  std::uint64_t bytes_out() const;
  Loop& loop();

  // Done is called once, unless the host stops: with a ready connection, also one that was there already, or why there
  // is none. A name without a peer id is asked at every address it has; the first that comes up is told.
  void dial(const Multiaddr& address, std::function<void(Result<Connection*>)> done);
  Connection* find(const PeerId& peer);  // a ready one; null: none
  void each(const std::function<void(Connection&)>& visit);
  // Ends its connections and refuses new ones for a while.
  void shun(const PeerId& peer, const Error& why);
  // The address of the other end. REQUIRES: a connection of this host.
  Multiaddr address_of(const Connection& connection) const;

  struct Impl;

 private:
  explicit Host(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace rfs::p2p
