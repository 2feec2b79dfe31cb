// /runnerfs/cache/1.0.0 between two joined connections: who is let in, questions and answers, and who breaks the rules.
#include "p2p/cache_protocol.h"

#include "crypto/hash.h"
#include "p2p/sealed_frames.h"
#include "tests/unit/p2p/pair.h"

using namespace rfs;
using namespace rfs::test;

namespace {

constexpr std::string_view kSecret = "rfsnet-secret-of-32-bytes-000000";
constexpr std::string_view kNetwork = "ipfs-datasets-py-cache";

NetworkKey network(std::string_view secret = kSecret, std::string_view id = kNetwork) {
  return NetworkKey::derive(view(secret), id);
}
// Derived once: it costs 20 ms.
const NetworkKey& key() {
  static const NetworkKey made = network();
  return made;
}
const NetworkKey& other_key() {
  static const NetworkKey made = network("another-secret-of-32-bytes-00000");
  return made;
}

// A node's side of the protocol: a table of bodies, and what it was told.
struct Cache final : CacheEvents {
  Cache(NetworkKey network_key, std::uint8_t seed, CacheLimits limits = {}, std::optional<NetworkKey> previous = {})
      : protocol(std::move(network_key), std::move(previous), PeerId::of(identity(seed).public_key()), limits, *this,
                 [](std::function<void()> job) {
                   job();
                   return true;
                 }) {}
  void on_member(Connection&) override { ++members; }
  void on_stranger(Connection&, const Error&) override { ++strangers; }
  void on_misbehaviour(Connection&, const Error& why) override {
    ++misbehaviours;
    misbehaviour = why.message;
  }
  void on_announce(Connection&, const Announce& announce) override { announced.push_back(announce); }
  void on_ask(Connection&, const Ask& ask, std::function<void(std::vector<Found>)> done) override {
    ++asks;
    std::vector<Found> found;
    for (std::size_t i = 0; i < ask.wanted.size(); ++i) {
      const auto body = bodies.find(ask.wanted[i]);
      if (body == bodies.end()) continue;
      Have have;
      have.index = static_cast<std::uint16_t>(i);
      have.fetched_at = 1'700'000'000;
      have.raw_len = body->second.size();
      have.sha256 = lie ? Digest{} : sha256(body->second);
      found.push_back({have, [this, &bytes = body->second](std::uint64_t at, std::size_t size, auto given) {
                         ++reads;
                         if (at >= broken_at) return given(fail(Code::kBroken, "disk"));
                         given(Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(at + size)));
                       }});
    }
    done(std::move(found));
  }
  Protocols table() { return {{kCacheProtocolName, protocol.protocol()}}; }

  CacheProtocol protocol;
  std::map<Digest, Bytes> bodies;
  std::vector<Announce> announced;
  int members = 0, strangers = 0, misbehaviours = 0, asks = 0, reads = 0;
  std::string misbehaviour;
  bool lie = false;
  std::uint64_t broken_at = ~0ull;
};

// An end whose owner tells the protocol of its connections, as a host's events do.
struct Node {
  Node(Role role, std::uint8_t seed, NetworkKey network_key, CacheLimits limits = {},
       std::optional<NetworkKey> previous = {})
      : cache(std::move(network_key), seed, limits, std::move(previous)), end(role, seed, cache.table()) {}
  Connection& connection() { return *end.connection; }
  Cache cache;
  End end;
};

void connect(Node& dialer, Node& listener) {
  // The listener learns of the connection before anything of the first stream can come.
  for (int i = 0; i < 20 && !(dialer.connection().ready() && listener.connection().ready()); ++i) {
    listener.end.give(dialer.end.take());
    if (listener.connection().ready()) break;
    dialer.end.give(listener.end.take());
  }
  listener.cache.protocol.on_ready(listener.connection());
  dialer.cache.protocol.on_ready(dialer.connection());
  settle(dialer.end, listener.end);
}

struct Heard {
  std::vector<Have> haves;
  Bytes body;
  std::vector<std::uint16_t> whole;
  int done = 0;
  Result<> result;
};
class Listening final : public AskEvents {
 public:
  explicit Listening(Heard& heard) : heard_(heard) {}
  void on_have(const Have& have) override { heard_.haves.push_back(have); }
  void on_body(BytesView bytes) override { append(heard_.body, bytes); }
  void on_whole(std::uint16_t index) override { heard_.whole.push_back(index); }
  void on_done(Result<> result) override {
    ++heard_.done;
    heard_.result = std::move(result);
  }

 private:
  Heard& heard_;
};

Digest id_of(std::string_view name) { return key().ask_id(view(name)); }

Heard ask(Node& from, Node& to, std::vector<Digest> wanted, std::uint64_t max_len = kBodyMost, AskBy by = AskBy::kId) {
  Heard heard;
  REQUIRE(from.cache.protocol.ask(from.connection(), Ask{by, std::move(wanted), max_len, 50},
                                  std::make_unique<Listening>(heard)));
  settle(from.end, to.end);
  CHECK(heard.done == 1);
  return heard;
}

}  // namespace

TEST_CASE("the proof of membership is the vector's") {
  NetworkKey::Transcript at{PeerId::of(identity(1).public_key()), PeerId::of(identity(2).public_key()), {}};
  const Bytes hash = from_hex("ab2d72ae9c75536aa76ec2a63be8c6c9344036ab7ee1930a7226db65c1ba4344");
  std::copy(hash.begin(), hash.end(), at.hash.begin());
  const Digest initiator = key().initiator_mac(at);
  CHECK(hex(initiator) == "296b6bd9995badfbfdb4b82c423f68f769b40effc81c5fd47b185b896a821eaa");
  CHECK(hex(key().responder_mac(at, initiator)) == "a6750531daaffcb00fcfa374dcdc8743d58a4219ab39a0342c1942c9b7eedab2");
  CHECK(hex(stream_key(key().session(at.hash), 5, true).reveal()) ==
        "9edb9da8f12c6fed7222d2277ac738cea40929dcc02e91bebccd2aca87296316");
  CHECK(hex(key().beacon().reveal()) == "c3825b7cd2a4c955d4cf5ce8770799edc1a32d328ccf214f148b06ab52e598ef");
  CHECK(key().clone().beacon().equals(key().beacon().reveal()));
  CHECK(stream_key(key().session(at.hash), 5, false).reveal().size() == 32);
  CHECK_FALSE(
      stream_key(key().session(at.hash), 5, false).equals(stream_key(key().session(at.hash), 5, true).reveal()));
}

TEST_CASE("members know each other, and ask by name and by digest in both directions") {
  Node dialer(Role::kDialer, 1, key().clone()), listener(Role::kListener, 2, key().clone());
  connect(dialer, listener);
  REQUIRE(dialer.cache.members == 1);
  REQUIRE(listener.cache.members == 1);
  const Bytes large = pattern(3'000'000);
  listener.cache.bodies = {
      {id_of("a"), pattern(100)}, {id_of("b"), large}, {id_of("empty"), {}}, {sha256(large), large}};
  dialer.cache.bodies = {{id_of("c"), pattern(77)}};

  const Heard one = ask(dialer, listener, {id_of("a")});
  CHECK(one.result);
  CHECK(one.body == pattern(100));
  const Heard several = ask(dialer, listener, {id_of("none"), id_of("b"), id_of("empty"), id_of("none")});
  CHECK(several.result);
  REQUIRE(several.haves.size() == 2);
  CHECK(several.haves[0].index == 1);
  CHECK(several.haves[0].fetched_at == 1'700'000'000);
  CHECK(several.whole == std::vector<std::uint16_t>{1, 2});
  CHECK(several.body == large);
  CHECK(ask(dialer, listener, {sha256(large)}, kBodyMost, AskBy::kSha256).body == large);
  CHECK(ask(listener, dialer, {id_of("c")}).body == pattern(77));
  // Too large and not there look the same.
  CHECK(ask(dialer, listener, {id_of("b")}, 1000).haves.empty());
  CHECK(ask(dialer, listener, {id_of("none")}).haves.empty());
  CHECK(dialer.connection().streams() == 1);
  CHECK(listener.connection().streams() == 1);
  CHECK(dialer.cache.misbehaviours + listener.cache.misbehaviours == 0);
}

TEST_CASE("another secret, another network, and a stranger's silence are not let in") {
  for (const bool wrong_secret : {true, false}) {
    Node dialer(Role::kDialer, 1, wrong_secret ? other_key().clone() : network(kSecret, "another")),
        listener(Role::kListener, 2, key().clone());
    connect(dialer, listener);
    CHECK(listener.cache.strangers == 1);
    CHECK(listener.cache.members + dialer.cache.members == 0);
    CHECK(listener.end.closes == 1);
    CHECK(dialer.end.closes == 1);
  }
  // A listener that cannot answer the proof is left by the dialer.
  class Parrot final : public StreamHandler {
   public:
    void on_data(Stream& stream, BytesView data) override {
      stream.consumed(data.size());
      stream.write(data);
    }
  };
  Node dialer(Role::kDialer, 1, key().clone());
  End parrot(Role::kListener, 2, {{kCacheProtocolName, {[](Stream&) { return std::make_unique<Parrot>(); }, 8}}});
  settle(dialer.end, parrot);
  dialer.cache.protocol.on_ready(dialer.connection());
  settle(dialer.end, parrot);
  CHECK(dialer.cache.strangers == 1);
  CHECK(dialer.cache.members == 0);
  CHECK(dialer.end.closes == 1);
}

TEST_CASE("the secret before a rotation still opens") {
  Node old(Role::kDialer, 1, other_key().clone()), renewed(Role::kListener, 2, key().clone(), {}, other_key().clone());
  connect(old, renewed);
  CHECK(old.cache.members == 1);
  renewed.cache.bodies = {{id_of("a"), pattern(10)}};
  CHECK(ask(old, renewed, {id_of("a")}).body == pattern(10));
}

TEST_CASE("before the proof nothing is answered, and the proof has five seconds") {
  class Quiet final : public StreamHandler {
   public:
    explicit Quiet(Talk& talk) : talk_(talk) {}
    void on_open(Stream&) override { talk_.opened = true; }
    void on_data(Stream&, BytesView data) override { append(talk_.got, data); }
    void on_end(Stream&, StreamEnd) override { ++talk_.ends; }
    Talk& talk_;
  };
  Node listener(Role::kListener, 2, key().clone());
  End stranger(Role::kDialer, 1);
  settle(stranger, listener.end);
  listener.cache.protocol.on_ready(listener.connection());
  Talk first, second;
  stranger.connection->open(kCacheProtocolName, std::make_unique<Quiet>(first));
  stranger.connection->open(kCacheProtocolName, std::make_unique<Quiet>(second));
  settle(stranger, listener.end);
  CHECK(first.ends == 0);
  CHECK(second.ends == 1);
  CHECK(first.got.empty());
  for (int i = 0; i < 6; ++i) advance(stranger, listener.end, Millis(1000));
  settle(stranger, listener.end);
  CHECK(first.ends == 1);
  CHECK_FALSE(listener.cache.protocol.is_member(listener.connection()));
  Heard heard;
  CHECK_FALSE(listener.cache.protocol.ask(listener.connection(), Ask{AskBy::kId, {id_of("a")}, 1, 1},
                                          std::make_unique<Listening>(heard)));
}

TEST_CASE("a body under a false digest, and one that breaks off, do not arrive as whole") {
  Node dialer(Role::kDialer, 1, key().clone()), listener(Role::kListener, 2, key().clone());
  connect(dialer, listener);
  listener.cache.bodies = {{id_of("a"), pattern(300'000)}};
  listener.cache.broken_at = 100'000;
  const Heard cut = ask(dialer, listener, {id_of("a")});
  CHECK_FALSE(cut.result);
  CHECK(cut.whole.empty());
  CHECK(dialer.cache.misbehaviours == 0);
  listener.cache.broken_at = ~0ull;
  listener.cache.lie = true;
  const Heard lied = ask(dialer, listener, {id_of("a")});
  CHECK_FALSE(lied.result);
  CHECK(lied.whole.empty());
  CHECK(dialer.cache.misbehaviours == 1);
  CHECK(dialer.connection().ready());
}

TEST_CASE("a body is read as fast as the asker takes it, and giving up stops the reading") {
  Node dialer(Role::kDialer, 1, key().clone()), listener(Role::kListener, 2, key().clone());
  connect(dialer, listener);
  listener.cache.bodies = {{id_of("a"), pattern(20 << 20)}};
  Heard heard;
  const auto stream = dialer.cache.protocol.ask(dialer.connection(), Ask{AskBy::kId, {id_of("a")}, kBodyMost, 50},
                                                std::make_unique<Listening>(heard));
  REQUIRE(stream);
  listener.end.give(dialer.end.take());
  for (int i = 0; i < 50; ++i) listener.end.take();  // nothing comes back: the window closes
  CHECK(listener.cache.reads < 10);
  stream->reset();
  settle(dialer.end, listener.end);
  CHECK(heard.done == 1);
  CHECK_FALSE(heard.result);
  CHECK(listener.cache.reads < 12);
  CHECK(listener.connection().streams() == 1);
}

TEST_CASE("who asks too much is told to wait") {
  CacheLimits limits;
  limits.asks_burst = 3;
  Node dialer(Role::kDialer, 1, key().clone()), listener(Role::kListener, 2, key().clone(), limits);
  connect(dialer, listener);
  listener.cache.bodies = {{id_of("a"), pattern(10)}};
  for (int i = 0; i < 3; ++i) CHECK(ask(dialer, listener, {id_of("a")}).result);
  const Heard busy = ask(dialer, listener, {id_of("a")});
  REQUIRE_FALSE(busy.result);
  CHECK(busy.result.error().code == Code::kLimited);
  CHECK(listener.cache.asks == 3);
  advance(dialer.end, listener.end, Millis(1000));
  settle(dialer.end, listener.end);
  CHECK(ask(dialer, listener, {id_of("a")}).result);
}

TEST_CASE("announcements arrive, but not more often than they may") {
  Node dialer(Role::kDialer, 1, key().clone()), listener(Role::kListener, 2, key().clone());
  connect(dialer, listener);
  Announce announce;
  announce.entries.assign(256, {id_of("a"), 11, 1'700'000'000});
  CHECK(listener.cache.protocol.announce(listener.connection(), announce));
  CHECK_FALSE(listener.cache.protocol.announce(listener.connection(), announce));
  settle(dialer.end, listener.end);
  REQUIRE(dialer.cache.announced.size() == 1);
  CHECK(dialer.cache.announced[0].entries.size() == 256);
  CHECK(dialer.cache.announced[0].entries[7].size_log2 == 11);
  for (int i = 0; i < 11; ++i) advance(dialer.end, listener.end, Millis(1000));
  CHECK(listener.cache.protocol.announce(listener.connection(), announce));
  announce.entries.clear();
  CHECK_FALSE(dialer.cache.protocol.announce(dialer.connection(), announce));
  settle(dialer.end, listener.end);
  CHECK(dialer.cache.announced.size() == 2);
  listener.cache.protocol.go_away(listener.connection(), 0);
  settle(dialer.end, listener.end);
  CHECK(dialer.end.closes + listener.end.closes > 0);
}

TEST_CASE("replayed, reordered, changed, oversized and foreign frames do not open") {
  const SecretBytes secret = SecretBytes::random(32);
  FrameSealer sealer(secret.clone());
  const Bytes first = sealer.seal(view("first")), second = sealer.seal(view("second"));
  const auto opens = [&](std::initializer_list<Bytes> frames, const SecretBytes& with) {
    FrameOpener opener(with.clone());
    std::string got;
    for (const Bytes& frame : frames)
      for (std::uint8_t byte : frame)
        if (!opener.receive(Bytes{byte}, [&](BytesView plaintext) -> Result<> {
              got += text(plaintext);
              return {};
            }))
          return got + "!";
    return got;
  };
  CHECK(opens({first, second}, secret) == "firstsecond");
  CHECK(opens({first, first}, secret) == "first!");
  CHECK(opens({second, first}, secret) == "!");
  CHECK(opens({first}, SecretBytes::random(32)) == "!");
  Bytes changed = first;
  changed.back() ^= 1;
  CHECK(opens({changed}, secret) == "!");
  changed = first;
  changed[3] -= 1;
  CHECK(opens({changed}, secret) == "!");
  CHECK(opens({from_hex("00000010")}, secret) == "!");
  CHECK(opens({from_hex("0000ffe0")}, secret) == "!");
  CHECK(opens({from_hex("ffffffff")}, secret) == "!");
}

TEST_CASE("frames are refused when a field is missing, out of range, or followed by something") {
  Ask ask{AskBy::kSha256, {id_of("a"), id_of("b")}, 5000, 50};
  const auto back = decode_cache_frame(encode(ask));
  REQUIRE(back);
  CHECK(std::get<Ask>(*back).wanted == ask.wanted);
  CHECK(std::get<Ask>(*back).max_len == 5000);
  Have have;
  have.attestation = pattern(64);
  have.raw_len = 9;
  const Bytes good[] = {encode(ask),      encode(have),           encode(Miss{3}),
                        encode(Busy{7}),  encode(Announce{{{}}}), encode(GoingAway{1}),
                        encode(EndMark{})};
  for (const Bytes& bytes : good) {
    CHECK(decode_cache_frame(bytes));
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK_FALSE(decode_cache_frame(BytesView(bytes).first(size)));
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_cache_frame(longer));
  }
  CHECK_FALSE(decode_cache_frame(from_hex("22")));
  CHECK_FALSE(decode_cache_frame(from_hex("0300")));
  CHECK_FALSE(decode_cache_frame(from_hex("200010")));
  ask.wanted.assign(17, id_of("a"));
  CHECK_FALSE(decode_cache_frame(encode(ask)));
  ask.wanted.clear();
  CHECK_FALSE(decode_cache_frame(encode(ask)));
  have.raw_len = kBodyMost + 1;
  CHECK_FALSE(decode_cache_frame(encode(have)));
}
