#include "backends/peers/address_book.h"

#include "tests/catch.h"

using namespace rfs;
using p2p::Multiaddr;
using p2p::PeerId;

namespace {

const SteadyTime kStart{std::chrono::hours(1)};
constexpr const char* kOne = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
constexpr const char* kTwo = "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq";

Multiaddr at(const std::string& text) { return Multiaddr::parse(text).value(); }
PeerId id(const char* text) { return PeerId::parse(text).value(); }
bool nobody(const PeerId&) { return false; }
bool everybody(const PeerId&) { return true; }

}  // namespace

TEST_CASE("addresses as owners write them") {
  std::string warning;
  CHECK(parse_peer_address("/dns4/runner1.example/tcp/9000", warning).value().text() == "/dns4/runner1.example/tcp/9000");
  CHECK(parse_peer_address(std::string("/ip6/::1/tcp/9000/p2p/") + kOne, warning));
  CHECK(warning.empty());
  CHECK(parse_peer_address("/ip4/runner1.example.com/tcp/9000", warning).value().text() == "/dns4/runner1.example.com/tcp/9000");
  CHECK(warning.find("/dns4/runner1.example.com/tcp/9000") != std::string::npos);
  for (const char* bad : {"", "/", "runner1:9000", "/ip4/1.2.3/tcp/9000", "/ip4/1.2.3.4", "/ip4/1.2.3.4/tcp/0", "/ip4/1.2.3.4/udp/9000",
                          "/ip4/1.2.3.4/tcp/9000/p2p/Qm", "/ip4/1.2.3.4/tcp/9000/ws", "/ip4/1.2.3.4/tcp/99999"}) {
    INFO(bad);
    const auto refused = parse_peer_address(bad, warning);
    REQUIRE_FALSE(refused);
    CHECK_FALSE(refused.error().hint.empty());
  }
}

TEST_CASE("hearsay leads to nobody's loopback and into no foreign private network") {
  const std::vector<std::string> own{"10.0.0.7", "2001:db8::1"};
  const auto worth = [&](const std::string& address) { return worth_dialling(at(address + "/tcp/9000/p2p/" + kOne), own); };
  CHECK(worth("/ip4/8.8.8.8"));
  CHECK(worth("/ip4/10.99.0.1"));
  CHECK(worth("/ip6/2600::1"));
  for (const char* no : {"/ip4/127.0.0.1", "/ip4/169.254.1.1", "/ip4/192.168.1.1", "/ip4/172.16.0.1", "/ip4/0.0.0.0", "/ip4/224.0.0.1",
                         "/ip6/::1", "/ip6/fe80::1", "/ip6/fc00::1", "/ip6/::ffff:127.0.0.1", "/dns4/evil.example"}) {
    INFO(no);
    CHECK_FALSE(worth(no));
  }
  CHECK_FALSE(worth_dialling(at("/ip4/8.8.8.8/tcp/9000"), own));  // nobody knows who that should be
}

TEST_CASE("a named peer is dialled at once, again while it fails, and again when it is lost") {
  AddressBook book;
  const Multiaddr named = at("/ip4/127.0.0.1/tcp/9000");
  book.name(named, kStart);
  CHECK(book.due(kStart, nobody) == std::vector<Multiaddr>{named});
  CHECK(book.due(kStart, nobody).empty());  // under way
  SteadyTime now = kStart;
  for (int i = 0; i < 20; ++i) {
    book.failed(named, false, now);
    now += Millis(5'000);  // never longer than this
    REQUIRE(book.due(now, nobody).size() == 1);
  }
  book.reached(named, id(kOne), now);
  CHECK(book.is_named(id(kOne)));
  CHECK_FALSE(book.is_named(id(kTwo)));
  now += Millis(60'000);
  CHECK(book.due(now, everybody).empty());
  book.lost(id(kOne), now);
  CHECK(book.due(now + Millis(500), nobody).size() == 1);
}

TEST_CASE("who is ourselves or a stranger is left alone for ten minutes") {
  AddressBook book;
  const Multiaddr named = at("/ip4/127.0.0.1/tcp/9000");
  book.name(named, kStart);
  CHECK(book.due(kStart, nobody).size() == 1);
  book.failed(named, true, kStart);
  CHECK(book.due(kStart + Millis(599'000), nobody).empty());
  CHECK(book.due(kStart + Millis(600'000), nobody).size() == 1);
}

TEST_CASE("a name may come to stand for more machines") {
  AddressBook book;
  const Multiaddr name = at("/dns4/runners.example/tcp/9000");
  book.name(name, kStart);
  CHECK(book.due(kStart, nobody).size() == 1);
  book.reached(name, id(kOne), kStart);
  CHECK(book.due(kStart + Millis(29'000), everybody).empty());
  CHECK(book.due(kStart + Millis(30'000), everybody).size() == 1);
}

TEST_CASE("hearsay is tried slowly, a few times, and is bounded") {
  AddressBook book;
  for (int i = 0; i < 300; ++i) book.hear(at("/ip4/8.8.4." + std::to_string(i % 250 + 1) + "/tcp/" + std::to_string(9000 + i) + "/p2p/" + kOne), HeardFrom::kPeer, kStart);
  CHECK(book.heard(HeardFrom::kPeer) == 200);
  CHECK(book.due(kStart, nobody).size() == 5);
  CHECK(book.due(kStart + Millis(59'000), nobody).empty());
  AddressBook one;
  const Multiaddr told = at(std::string("/ip4/8.8.8.8/tcp/9000/p2p/") + kOne);
  one.hear(told, HeardFrom::kPeer, kStart);
  SteadyTime now = kStart;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(one.due(now, nobody).size() == 1);
    one.failed(told, false, now);
    now += Millis(120'000);
  }
  CHECK(one.heard(HeardFrom::kPeer) == 0);
}

TEST_CASE("a beacon is dialled sooner than hearsay, whatever hearsay says") {
  AddressBook book;
  const auto number = [](int i) { return at("/ip4/8.8.4.4/tcp/" + std::to_string(9000 + i) + "/p2p/" + kOne); };
  for (int i = 0; i < 300; ++i) book.hear(number(i), HeardFrom::kPeer, kStart);
  for (int i = 0; i < 300; ++i) book.hear(number(1000 + i), HeardFrom::kBeacon, kStart);
  CHECK(book.heard(HeardFrom::kPeer) == 200);
  CHECK(book.heard(HeardFrom::kBeacon) == 200);
  CHECK(book.due(kStart, nobody).size() == 25);
  CHECK(book.due(kStart + Millis(59'000), nobody).empty());
  CHECK(book.due(kStart + Millis(60'000), nobody).size() == 25);
  // What was hearsay counts as what its own beacon says.
  book.hear(number(0), HeardFrom::kBeacon, kStart);
  CHECK(book.heard(HeardFrom::kPeer) == 199);
  CHECK(book.heard(HeardFrom::kBeacon) == 201);
}

TEST_CASE("a beacon leads to this machine only for a node that has no address beyond it") {
  const auto worth = [&](const std::string& address, const std::vector<std::string>& own) {
    return beacon_worth_dialling(at(address + "/tcp/9000/p2p/" + kOne), own);
  };
  CHECK(worth("/ip4/127.0.0.1", {"127.0.0.1"}));
  CHECK(worth("/ip6/::1", {"127.0.0.1", "::1"}));
  CHECK_FALSE(worth("/ip4/127.0.0.1", {"127.0.0.1", "10.0.0.7"}));
  CHECK_FALSE(worth("/ip4/127.0.0.1", {}));
  CHECK_FALSE(worth("/ip4/169.254.1.1", {"127.0.0.1"}));
  CHECK_FALSE(worth("/dns4/localhost", {"127.0.0.1"}));
  CHECK(worth("/ip4/8.8.8.8", {"10.0.0.7"}));
  CHECK(worth("/ip4/10.99.0.1", {"10.0.0.7"}));
  CHECK_FALSE(beacon_worth_dialling(at("/ip4/127.0.0.1/tcp/9000"), {"127.0.0.1"}));  // nobody knows who that should be
}

TEST_CASE("a beacon names what leads furthest first, and this machine only where there is nothing else") {
  const auto listened = [](std::vector<const char*> texts) {
    std::vector<Multiaddr> out;
    for (const char* text : texts) out.push_back(at(text));
    return out;
  };
  CHECK(beacon_addresses(listened({"/ip4/127.0.0.1/tcp/9000", "/ip4/10.0.0.7/tcp/9000", "/ip6/fe80::1/tcp/9000", "/ip6/2600::1/tcp/9000"})) ==
        listened({"/ip6/2600::1/tcp/9000", "/ip4/10.0.0.7/tcp/9000"}));
  CHECK(beacon_addresses(listened({"/ip4/127.0.0.1/tcp/9000", "/ip6/::1/tcp/9000"})) ==
        listened({"/ip4/127.0.0.1/tcp/9000", "/ip6/::1/tcp/9000"}));
  CHECK(beacon_addresses({}).empty());
}
