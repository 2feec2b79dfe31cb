// The host's insides: links (a socket and its connection), and who may have one.
#pragma once

#include <condition_variable>
#include <list>
#include <map>
#include <unordered_map>

#include "base/sync.h"
#include "p2p/host.h"
#include "p2p/identify.h"
#include "p2p/listen.h"

namespace rfs::p2p {

struct Link;
using DialDone = std::function<void(Result<Connection*>)>;

struct Host::Impl : std::enable_shared_from_this<Host::Impl> {
  Impl(HostOptions to_options, SigningKey to_key, Protocols to_protocols, HostEvents& to_events);
  Identify self(const Multiaddr& observed) const;

  // host_links.cpp
  void accept(std::shared_ptr<TcpSocket> socket);
  void add_link(std::shared_ptr<TcpSocket> socket, Role role, PeerId expected, std::string ip, DialDone done);
  void remove_link(const Link* link);
  Link* link_of(const Connection& connection);
  void tick();
  void publish();
  bool is_shunned(const PeerId& peer);
  std::size_t connections_of(const PeerId& peer) const;

  // host_dial.cpp
  void dial(const Multiaddr& address, DialDone done);
  void dial_in_turn(std::vector<TcpEndpoint> left, PeerId expected, DialDone done);
  void dial_all(const std::vector<TcpEndpoint>& endpoints, DialDone done);
  void dial_one(const TcpEndpoint& endpoint, PeerId expected, DialDone done);
  Connection* find(const PeerId& peer);

  const HostOptions options;
  const SigningKey key;
  const PeerId id;
  Protocols protocols;
  HostEvents& events;
  Loop loop{"rfs-p2p"};

  // Of the loop's thread.
  Listening listening;
  IpLimits limits;
  std::list<std::shared_ptr<Link>> links;
  std::map<PeerId, SteadyTime> shunned;
  std::size_t held = 0;  // bytes that handlers hold
  std::size_t dialing = 0;
  bool stopping = false;
  Bytes scratch;  // output on its way to a socket

  // Any thread.
  std::vector<Multiaddr> addresses;  // fixed before the host is given out
  std::atomic<std::uint64_t> bytes_in{0}, bytes_out{0};
  mutable Sync<std::vector<PeerInfo>> published;
  Sync<bool> emptied{false};
  std::condition_variable empty_wake;
};

// A socket and its connection.
struct Link final : Connection::Owner, TcpSocket::Events, std::enable_shared_from_this<Link> {
  Link(Host::Impl& to_host, std::shared_ptr<TcpSocket> to_socket, Role role, PeerId expected, std::string to_ip,
       DialDone to_done);
  ~Link() override;

  bool on_secured(Connection& connection) override;
  void on_ready(Connection& connection) override;
  void on_output(Connection& connection) override;
  void on_closed(Connection& connection, const Error& why) override;
  bool hold(std::size_t bytes) override;
  void release(std::size_t bytes) override { host.held -= bytes; }
  void on_bytes(MutableBytes bytes) override;
  void on_writable() override { flush(); }
  void on_end(const std::string& why) override;

  void flush();
  void leave();  // out of the host's list, once
  bool push_out();

  Host::Impl& host;
  std::shared_ptr<TcpSocket> socket;
  const std::string ip;  // counted by the limits; empty for links that we dialled
  Multiaddr remote;
  DialDone done;
  std::unique_ptr<Connection> connection;
  Bytes unsent;
  bool flush_posted = false;
  bool came_up = false;  // the limits know
  bool was_ready = false;
  bool ended = false;    // the socket gives no more
  bool left = false;
};

}  // namespace rfs::p2p
