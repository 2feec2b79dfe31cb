#include "p2p/host_impl.h"

namespace rfs::p2p {

Connection* Host::Impl::find(const PeerId& peer) {
  for (const auto& link : links)
    if (link->connection->ready() && link->connection->peer() == peer) return link->connection.get();
  return nullptr;
}

void Host::Impl::dial(const Multiaddr& address, DialDone done) {
  const auto endpoint = address.endpoint();
  const PeerId expected = address.peer();
  if (stopping) return done(fail(Code::kAborted, "the node is stopping"));
  if (!endpoint || endpoint->port == 0)
    return done(fail(Code::kInvalid, "no address that TCP can dial: " + address.text()));
  if (expected == id) return done(fail(Code::kInvalid, "that is this node's own address"));
  if (Connection* there = expected.empty() ? nullptr : find(expected)) return done(there);
  if (!endpoint->is_name()) return dial_in_turn({*endpoint}, expected, std::move(done));
  loop.resolve(*endpoint, [self = weak_from_this(), expected, done = std::move(done)](auto found) mutable {
    const auto impl = self.lock();
    if (!impl) return;
    if (!found) return done(fail(found.error()));
    if (found->empty()) return done(fail(Code::kUnreachable, "the name of a peer has no address"));
    if (expected.empty()) return impl->dial_all(*found, std::move(done));
    impl->dial_in_turn(std::move(*found), expected, std::move(done));
  });
}

void Host::Impl::dial_in_turn(std::vector<TcpEndpoint> left, PeerId expected, DialDone done) {
  const TcpEndpoint next = left.front();
  left.erase(left.begin());
  dial_one(next, expected, [this, left = std::move(left), expected, done = std::move(done)](auto result) mutable {
    if (result || left.empty() || stopping) return done(std::move(result));
    dial_in_turn(std::move(left), std::move(expected), std::move(done));
  });
}

void Host::Impl::dial_all(const std::vector<TcpEndpoint>& endpoints, DialDone done) {
  struct Race {
    DialDone done;
    std::size_t left;
  };
  auto race = std::make_shared<Race>(Race{std::move(done), endpoints.size()});
  for (const TcpEndpoint& endpoint : endpoints)
    dial_one(endpoint, {}, [race](Result<Connection*> result) {
      --race->left;
      if (!result && race->left > 0) return;
      if (auto told = std::exchange(race->done, nullptr)) told(std::move(result));
    });
}

void Host::Impl::dial_one(const TcpEndpoint& endpoint, PeerId expected, DialDone done) {
  // Whoever asks a name again does not want a second connection to the same machine.
  for (const auto& link : links)
    if (expected.empty() && link->ip.empty() && link->connection->ready() && link->remote == Multiaddr::of(endpoint))
      return done(link->connection.get());
  if (dialing >= options.dials) return done(fail(Code::kLimited, "too many peers are being dialled"));
  ++dialing;
  tcp_connect(loop, endpoint, options.dial_timeout,
              [self = weak_from_this(), expected = std::move(expected), done = std::move(done)](auto socket) mutable {
                const auto impl = self.lock();
                if (!impl) return;
                --impl->dialing;
                if (!socket) return done(fail(socket.error()));
                if (impl->stopping) return done(fail(Code::kAborted, "the node is stopping"));
                impl->add_link(std::move(*socket), Role::kDialer, std::move(expected), {}, std::move(done));
              });
}

}  // namespace rfs::p2p
