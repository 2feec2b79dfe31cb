#include "p2p/host.h"

#include <future>

#include "base/log.h"
#include "p2p/host_impl.h"
#include "p2p/ping.h"

namespace rfs::p2p {

Host::Impl::Impl(HostOptions to_options, SigningKey to_key, Protocols to_protocols, HostEvents& to_events)
    : options(std::move(to_options)),
      key(std::move(to_key)),
      id(PeerId::of(key.public_key())),
      protocols(std::move(to_protocols)),
      events(to_events),
      limits(options.limits) {
  protocols[kPingProtocol] = ping_protocol();
  protocols[kIdentifyPushProtocol] = identify_push_protocol();
  protocols[kIdentifyProtocol] = identify_protocol([this](Connection& connection) {
    const Link* link = link_of(connection);
    return self(link ? link->remote : Multiaddr());
  });
}

Identify Host::Impl::self(const Multiaddr& observed) const {
  Identify message;
  message.public_key = serialize_public_key(key.public_key());
  for (const Multiaddr& address : addresses) message.listen_addresses.push_back(address.bytes());
  for (const auto& [name, protocol] : protocols) message.protocols.push_back(name);
  message.observed_address = observed.bytes();
  message.protocol_version = "ipfs/0.1.0";
  message.agent_version = options.agent;
  return message;
}

Result<std::unique_ptr<Host>> Host::start(HostOptions options, SigningKey key, Protocols protocols,
                                          HostEvents& events) {
  auto impl = std::make_shared<Impl>(std::move(options), std::move(key), std::move(protocols), events);
  std::unique_ptr<Host> host(new Host(impl));
  std::promise<Result<>> started;
  impl->loop.post([&] {
    if (impl->options.ports.empty()) return started.set_value({});
    auto listening = listen(impl->loop, impl->options.addresses, impl->options.ports,
                            [at = impl.get()](std::shared_ptr<TcpSocket> socket) { at->accept(std::move(socket)); });
    if (!listening) return started.set_value(fail(listening.error()));
    impl->listening = std::move(*listening);
    for (const auto& listener : impl->listening.listeners)
      for (const std::string& address : addresses_of(listener->local().host)) {
        TcpEndpoint endpoint = listener->local();
        endpoint.host = address;
        impl->addresses.push_back(Multiaddr::of(endpoint));
      }
    started.set_value({});
  });
  TRY(started.get_future().get());
  impl->loop.post([impl] { impl->tick(); });
  return host;
}

Host::~Host() { stop(); }

void Host::stop() {
  const bool running = impl_->loop.post([impl = impl_] {
    impl->stopping = true;
    impl->listening.listeners.clear();
    for (const auto& link : std::list(impl->links)) link->connection->close();
    if (impl->links.empty()) {
      *impl->emptied.lock() = true;
      impl->empty_wake.notify_all();
    }
  });
  if (!running) return;
  {
    auto emptied = impl_->emptied.lock();
    impl_->empty_wake.wait_for(emptied.lock(), impl_->options.grace, [&] { return *emptied; });
  }
  // What is left is ended on its own thread, before that stops.
  std::promise<void> ended;
  impl_->loop.post([&] {
    for (const auto& link : std::list(impl_->links)) {
      link->connection->abort({Code::kAborted, "the node has stopped", {}});
      link->flush();
      link->left = true;
      link->socket->close();
    }
    impl_->links.clear();
    impl_->publish();
    ended.set_value();
  });
  ended.get_future().wait();
  // Jobs that hold links, and the sockets' last calls, run before this one.
  std::promise<void> drained;
  impl_->loop.post([&] { drained.set_value(); });
  drained.get_future().wait();
  impl_->loop.stop();
}

const PeerId& Host::id() const { return impl_->id; }
const std::string& Host::listen_note() const { return impl_->listening.note; }
std::uint16_t Host::port() const { return impl_->listening.port; }
std::vector<Multiaddr> Host::addresses() const { return impl_->addresses; }
std::vector<PeerInfo> Host::peers() const { return *impl_->published.lock(); }
std::uint64_t Host::bytes_in() const { return impl_->bytes_in.load(std::memory_order_relaxed); }
std::uint64_t Host::bytes_out() const { return impl_->bytes_out.load(std::memory_order_relaxed); }
Loop& Host::loop() { return impl_->loop; }

void Host::dial(const Multiaddr& address, std::function<void(Result<Connection*>)> done) {
  impl_->dial(address, std::move(done));
}

Connection* Host::find(const PeerId& peer) { return impl_->find(peer); }

void Host::each(const std::function<void(Connection&)>& visit) {
  for (const auto& link : std::list(impl_->links))
    if (link->connection->ready()) visit(*link->connection);
}

void Host::shun(const PeerId& peer, const Error& why) {
  impl_->shunned[peer] = std::chrono::steady_clock::now() + impl_->options.shun;
  for (const auto& link : std::list(impl_->links))
    if (link->came_up && link->connection->peer() == peer) link->connection->abort(why);
}

Multiaddr Host::address_of(const Connection& connection) const {
  const Link* link = impl_->link_of(connection);
  return link ? link->remote : Multiaddr();
}

}  // namespace rfs::p2p
