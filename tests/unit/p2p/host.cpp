// Hosts on loopback sockets: dialling, limits, ports, the end.
#include "p2p/host.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <future>

#include "base/fd.h"
#include "base/log.h"
#include "p2p/listen.h"
#include "tests/unit/p2p/pair.h"

using namespace rfs;
using namespace rfs::test;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

struct Told final : HostEvents {
  void on_identified(Connection& connection) override {
    const auto now = ++identified;
    agent = connection.identify.agent_version;
    if (now == 1) first.set_value();
  }
  void on_gone(Connection&, const Error& why) override {
    reason = why;
    if (++gone == 1) left.set_value();
  }
  std::atomic<int> identified{0}, gone{0};
  std::string agent;
  Error reason{Code::kAborted, "", ""};
  std::promise<void> first, left;
};

HostOptions local(std::vector<std::uint16_t> ports = {0}, std::vector<std::string> addresses = {"127.0.0.1"}) {
  HostOptions options;
  options.addresses = std::move(addresses);
  options.ports = std::move(ports);
  options.agent = "test/1";
  return options;
}

std::unique_ptr<Host> start(HostOptions options, std::uint8_t seed, Told& told) {
  log_level(Level::kError);
  auto host = Host::start(std::move(options), identity(seed), echo_table(), told);
  REQUIRE(host);
  return std::move(*host);
}

Result<PeerId> dial(Host& host, const Multiaddr& address) {
  std::promise<Result<PeerId>> done;
  host.loop().post([&] {
    host.dial(address, [&](Result<Connection*> result) {
      if (result)
        done.set_value((*result)->peer());
      else
        done.set_value(fail(result.error()));
    });
  });
  auto future = done.get_future();
  REQUIRE(future.wait_for(kPatience) == std::future_status::ready);
  return future.get();
}

Multiaddr address_of(const Host& host) {
  REQUIRE_FALSE(host.addresses().empty());
  return host.addresses().front();
}

// A client without manners: a bare socket.
Fd connect_to(const Host& host) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(host.port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  timeval patience{20, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

// Reads to the end: true when the other side closed or reset it.
bool is_closed(const Fd& fd) {
  char bytes[4096];
  ssize_t n;
  while ((n = ::recv(fd.get(), bytes, sizeof bytes, 0)) > 0) {
  }
  return n == 0 || errno == ECONNRESET;
}

}  // namespace

TEST_CASE("a host dials another, they identify each other, and 16 MiB come back whole") {
  Told told_dialer, told_listener;
  const auto listener = start(local(), 2, told_listener);
  const auto dialer = start(local({}), 1, told_dialer);
  CHECK(dialer->port() == 0);
  CHECK(dial(*dialer, address_of(*listener)).value().text() == kIdTwo);
  REQUIRE(told_dialer.first.get_future().wait_for(kPatience) == std::future_status::ready);
  REQUIRE(told_listener.first.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(told_dialer.agent == "test/1");

  const Bytes message = pattern(16 << 20);
  struct Waiting final : StreamHandler {
    explicit Waiting(const Bytes& to_send) : message(to_send) {}
    void on_open(Stream& stream) override {
      stream.write(BytesView(message));
      stream.finish();
    }
    void on_data(Stream& stream, BytesView data) override {
      append(got, data);
      stream.consumed(data.size());
    }
    void on_end(Stream&, StreamEnd) override { done->set_value(std::move(got)); }
    const Bytes& message;
    Bytes got;
    std::promise<Bytes>* done = nullptr;
  };
  std::promise<Bytes> done;
  dialer->loop().post([&] {
    auto waiting = std::make_unique<Waiting>(message);
    waiting->done = &done;
    dialer->find(listener->id())->open("/echo/1", std::move(waiting));
  });
  auto got = done.get_future();
  REQUIRE(got.wait_for(kPatience) == std::future_status::ready);
  CHECK(got.get() == message);
  CHECK(dialer->bytes_out() > message.size());
  const auto peers = listener->peers();
  REQUIRE(peers.size() == 1);
  CHECK(peers[0].id.text() == kIdOne);
  CHECK(peers[0].role == Role::kListener);
  // A second dial finds the connection that is there.
  auto with_id = Multiaddr::of(*address_of(*listener).endpoint(), listener->id());
  CHECK(dial(*dialer, with_id).value() == listener->id());
  CHECK(listener->peers().size() == 1);
}

TEST_CASE("a port in use is passed over and said so, and the last resort is any port") {
  Told told;
  const auto first = start(local(), 1, told);
  const auto second = start(local({first->port(), 0}), 2, told);
  CHECK(second->port() != first->port());
  CHECK(second->listen_note() == "port " + std::to_string(first->port()) + " cannot be had, listening on port " +
                                     std::to_string(second->port()));
  CHECK(first->listen_note().empty());
  auto refused = Host::start(local({first->port()}), identity(3), {}, told);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kBusy);
  CHECK(port_order(9005).front() == 9005);
  CHECK(port_order(9005).size() == 12);
  CHECK(port_order(0).front() == 9000);
  CHECK(port_order(4001).back() == 0);
}

TEST_CASE("IPv6 works beside IPv4 on the same port, where the machine has it") {
  Told told_listener, told_dialer;
  const auto listener = start(local({0}, {"127.0.0.1", "::1"}), 2, told_listener);
  const auto dialer = start(local({}), 1, told_dialer);
  for (const Multiaddr& address : listener->addresses()) {
    CHECK(address.endpoint()->port == listener->port());
    const auto peer = dial(*dialer, address);
    REQUIRE(peer);
    CHECK(*peer == listener->id());
  }
}

TEST_CASE("names are resolved, and a name without an id asks its addresses") {
  Told told_listener, told_dialer;
  const auto listener = start(local(), 2, told_listener);
  const auto dialer = start(local({}), 1, told_dialer);
  const std::string port = std::to_string(listener->port());
  CHECK(dial(*dialer, *Multiaddr::parse("/dns4/localhost/tcp/" + port)).value() == listener->id());
  CHECK(dial(*dialer, *Multiaddr::parse("/dns4/localhost/tcp/" + port + "/p2p/" + listener->id().text())));
  const auto unknown = dial(*dialer, *Multiaddr::parse("/dns4/no-such-host.invalid/tcp/9000"));
  CHECK_FALSE(unknown);
}

TEST_CASE("what cannot be dialled says why") {
  Told told_listener, told_dialer;
  auto listener = start(local(), 2, told_listener);
  const auto dialer = start(local({}), 1, told_dialer);
  const Multiaddr address = address_of(*listener);
  const auto wrong = dial(*dialer, Multiaddr::of(*address.endpoint(), PeerId::of(identity(9).public_key())));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Code::kDenied);
  CHECK(dial(*dialer, *Multiaddr::parse("/ip4/127.0.0.1/udp/1")).error().code == Code::kInvalid);
  CHECK(dial(*dialer, Multiaddr::of(*address.endpoint(), dialer->id())).error().code == Code::kInvalid);
  listener.reset();
  CHECK(dial(*dialer, address).error().code == Code::kUnreachable);
}

TEST_CASE("a stopped host says good-bye and its peer learns of it") {
  Told told_listener, told_dialer;
  auto listener = start(local(), 2, told_listener);
  const auto dialer = start(local({}), 1, told_dialer);
  REQUIRE(dial(*dialer, address_of(*listener)));
  REQUIRE(told_dialer.first.get_future().wait_for(kPatience) == std::future_status::ready);
  listener->stop();
  REQUIRE(told_dialer.left.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(told_dialer.reason.message == "the peer closed the connection");
  CHECK(told_dialer.gone == 1);
  CHECK(told_listener.gone == 1);
  CHECK_FALSE(listener->loop().post([] {}));
}

TEST_CASE("sockets that say nothing or garbage are closed, and one address cannot take every place") {
  Told told;
  HostOptions options = local();
  options.connection.upgrade = Millis(300);
  options.limits.half_open_per_ip = 3;
  const auto host = start(options, 2, told);
  std::vector<Fd> silent;
  for (int i = 0; i < 3; ++i) silent.push_back(connect_to(*host));
  const Fd fourth = connect_to(*host);
  CHECK(is_closed(fourth));
  for (const Fd& fd : silent) CHECK(is_closed(fd));
  const Fd rude = connect_to(*host);
  const std::string garbage(100'000, 'x');
  (void)!::send(rude.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL);
  CHECK(is_closed(rude));
  // And a good one is welcome.
  Told told_dialer;
  const auto dialer = start(local({}), 1, told_dialer);
  CHECK(dial(*dialer, address_of(*host)));
}

TEST_CASE("a peer that is shunned is dropped and not let in again") {
  Told told_listener, told_dialer;
  const auto listener = start(local(), 2, told_listener);
  const auto dialer = start(local({}), 1, told_dialer);
  REQUIRE(dial(*dialer, address_of(*listener)));
  listener->loop().post([&] { listener->shun(dialer->id(), {Code::kDenied, "it lied", {}}); });
  REQUIRE(told_dialer.left.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK_FALSE(dial(*dialer, address_of(*listener)));
}

TEST_CASE("an address is limited in number and rate, and forgotten afterwards") {
  IpLimitOptions options;
  options.connections = 10;
  options.per_ip = 3;
  options.half_open_per_ip = 2;
  options.per_second = 1;
  options.burst = 4;
  IpLimits limits(options);
  SteadyTime now{std::chrono::hours(1)};
  CHECK(limits.enter("a", now));
  CHECK(limits.enter("a", now));
  CHECK_FALSE(limits.enter("a", now));  // two are half open
  limits.come_up("a");
  CHECK(limits.enter("a", now));
  limits.come_up("a");
  CHECK_FALSE(limits.enter("a", now));  // three connections
  CHECK(limits.enter("b", now));
  limits.leave("a", true);
  CHECK(limits.enter("a", now));
  limits.leave("a", false);
  CHECK_FALSE(limits.enter("a", now));  // the burst is used up
  now += Millis(1000);
  CHECK(limits.enter("a", now));
  CHECK(limits.connections() == 4);
  for (bool up : {true, false, false}) limits.leave("a", up);
  limits.leave("b", false);
  CHECK(limits.connections() == 0);
  limits.tick(now + Millis(60'000));
  CHECK(limits.known() == 0);
}
