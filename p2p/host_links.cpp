#include <algorithm>

#include "base/log.h"
#include "p2p/host_impl.h"

namespace rfs::p2p {
namespace {

constexpr std::size_t kOutputPiece = 256 * 1024;
constexpr int kPiecesInARow = 4;  // before others have their turn
constexpr Millis kLinger{1'000};  // for the peer to read our last words
constexpr std::size_t kShunnedMost = 1024;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

Link::Link(Host::Impl& to_host, std::shared_ptr<TcpSocket> to_socket, Role role, PeerId expected, std::string to_ip,
           DialDone to_done)
    : host(to_host),
      socket(std::move(to_socket)),
      ip(std::move(to_ip)),
      remote(Multiaddr::of(socket->remote())),
      done(std::move(to_done)),
      connection(std::make_unique<Connection>(role, std::move(expected), host.options.connection, host.key,
                                              host.protocols, *this, steady_now())) {}

Link::~Link() { socket->close(); }

bool Link::on_secured(Connection& up) {
  if (!ip.empty()) host.limits.come_up(ip);
  came_up = true;
  return !host.stopping && !host.is_shunned(up.peer()) && host.connections_of(up.peer()) <= host.options.per_peer;
}

void Link::on_ready(Connection& up) {
  was_ready = true;
  log(Level::kInfo, "peer {} is connected", up.peer().brief());
  host.events.on_ready(up);
  if (up.closed()) return;
  // The dialer is ready one message before the listener, which may still refuse: the first answer settles it.
  identify(up, [self = weak_from_this()] {
    const auto link = self.lock();
    if (!link || link->connection->closed()) return;
    link->host.publish();
    if (auto told = std::exchange(link->done, nullptr)) told(link->connection.get());
    link->host.events.on_identified(*link->connection);
  });
  host.publish();
}

void Link::on_output(Connection&) {
  if (std::exchange(flush_posted, true)) return;
  host.loop.post([self = shared_from_this()] {
    self->flush_posted = false;
    self->flush();
  });
}

void Link::on_closed(Connection& down, const Error& why) {
  if (!down.peer().empty()) log(Level::kInfo, "peer {} is gone: {}", down.peer().brief(), why.message);
  // The format was broken by somebody whose identity is proven.
  if (why.code == Code::kBroken && came_up) host.shunned[down.peer()] = steady_now() + host.options.shun;
  if (auto told = std::exchange(done, nullptr)) told(fail(why));
  if (was_ready) host.events.on_gone(down, why);
  if (!was_ready && !ip.empty() && !host.stopping) host.events.on_unfinished(why);
  on_output(down);
}

bool Link::hold(std::size_t bytes) {
  if (host.held + bytes > host.options.memory) return false;
  host.held += bytes;
  return true;
}

void Link::on_bytes(MutableBytes bytes) {
  host.bytes_in.fetch_add(bytes.size(), std::memory_order_relaxed);
  const auto kept = shared_from_this();
  connection->receive(bytes, steady_now());
  if (connection->has_output()) flush();
}

void Link::on_end(const std::string&) {
  const auto kept = shared_from_this();
  ended = true;
  connection->input_ended();
  leave();
}

// True while there is something left and the socket takes it.
bool Link::push_out() {
  if (!unsent.empty()) {
    const std::size_t n = socket->write(unsent);
    host.bytes_out.fetch_add(n, std::memory_order_relaxed);
    unsent.erase(unsent.begin(), unsent.begin() + static_cast<std::ptrdiff_t>(n));
    if (!unsent.empty()) return false;
    Bytes().swap(unsent);
  }
  Bytes out = std::exchange(host.scratch, {});
  out.clear();
  connection->produce(out, kOutputPiece);
  const std::size_t n = out.empty() ? 0 : socket->write(out);
  host.bytes_out.fetch_add(n, std::memory_order_relaxed);
  const bool all = n == out.size(), some = !out.empty();
  if (!all) unsent.assign(out.begin() + static_cast<std::ptrdiff_t>(n), out.end());
  if (out.capacity() <= 4 * kOutputPiece) host.scratch = std::move(out);
  return all && some;
}

void Link::flush() {
  if (ended || left) return;
  const auto kept = shared_from_this();
  for (int i = 0; i < kPiecesInARow; ++i) {
    if (push_out()) continue;
    if (!unsent.empty() || !connection->closed()) return;
    if (!came_up) return leave();
    // Everything is said. The peer reads it and closes; if it does not, the link goes all the same.
    socket->shutdown_write();
    host.loop.after(kLinger, [self = weak_from_this()] {
      if (const auto link = self.lock()) link->leave();
    });
    return;
  }
  on_output(*connection);
}

void Link::leave() {
  if (std::exchange(left, true)) return;
  socket->close();
  if (!ip.empty()) host.limits.leave(ip, came_up);
  // Not from within one of its own calls.
  host.loop.post([&at = host, self = shared_from_this()] { at.remove_link(self.get()); });
}

void Host::Impl::accept(std::shared_ptr<TcpSocket> socket) {
  std::string ip = socket->remote().host;
  if (stopping) return socket->close();
  if (!limits.enter(ip, steady_now())) {
    events.on_turned_away();
    return socket->close();
  }
  add_link(std::move(socket), Role::kListener, {}, std::move(ip), nullptr);
}

void Host::Impl::add_link(std::shared_ptr<TcpSocket> socket, Role role, PeerId expected, std::string ip,
                          DialDone done) {
  auto link = std::make_shared<Link>(*this, socket, role, std::move(expected), std::move(ip), std::move(done));
  links.push_back(link);
  socket->start(*link);
  link->flush();
}

void Host::Impl::remove_link(const Link* link) {
  links.remove_if([&](const auto& one) { return one.get() == link; });
  publish();
  if (stopping && links.empty()) {
    *emptied.lock() = true;
    empty_wake.notify_all();
  }
}

Link* Host::Impl::link_of(const Connection& connection) {
  for (const auto& link : links)
    if (link->connection.get() == &connection) return link.get();
  return nullptr;
}

std::size_t Host::Impl::connections_of(const PeerId& peer) const {
  return static_cast<std::size_t>(std::count_if(links.begin(), links.end(), [&](const auto& link) {
    return link->came_up && !link->connection->closed() && link->connection->peer() == peer;
  }));
}

bool Host::Impl::is_shunned(const PeerId& peer) {
  const auto found = shunned.find(peer);
  return found != shunned.end() && steady_now() < found->second;
}

void Host::Impl::tick() {
  const SteadyTime now = steady_now();
  limits.tick(now);
  std::erase_if(shunned, [&](const auto& one) { return now >= one.second; });
  while (shunned.size() > kShunnedMost) shunned.erase(shunned.begin());
  for (const auto& link : std::list(links)) link->connection->tick(now);
  publish();
  loop.after(Millis(1'000), [self = weak_from_this()] {
    if (const auto impl = self.lock()) impl->tick();
  });
}

void Host::Impl::publish() {
  std::vector<PeerInfo> now;
  for (const auto& link : links) {
    const Connection& connection = *link->connection;
    if (!connection.ready()) continue;
    now.push_back({connection.peer(), link->remote, connection.role(), connection.identify.agent_version,
                   connection.identify.protocols, connection.latency(), connection.streams()});
  }
  *published.lock() = std::move(now);
}

}  // namespace rfs::p2p
