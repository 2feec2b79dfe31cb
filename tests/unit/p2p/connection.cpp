// A whole connection between two ends: the way up, streams, limits, deadlines, the end.
#include "p2p/connection.h"

#include "p2p/identify.h"
#include "p2p/ping.h"
#include "tests/unit/p2p/pair.h"

using namespace rfs;
using namespace rfs::test;

TEST_CASE("two ends come up, know each other, and share a handshake hash") {
  End dialer(Role::kDialer, 1, {}, {}, PeerId::of(identity(2).public_key()));
  End listener(Role::kListener, 2);
  settle(dialer, listener);
  REQUIRE(dialer.readies == 1);
  REQUIRE(listener.readies == 1);
  CHECK(dialer.connection->peer().text() == kIdTwo);
  CHECK(listener.connection->peer().text() == kIdOne);
  CHECK(dialer.connection->handshake_hash() == listener.connection->handshake_hash());
  CHECK(dialer.connection->latency());
}

TEST_CASE("a connection that comes byte by byte comes up all the same") {
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, echo_table());
  Talk talk;
  for (int round = 0; round < 60; ++round) {
    for (std::uint8_t byte : dialer.take()) listener.give({byte});
    for (std::uint8_t byte : listener.take()) dialer.give({byte});
    if (dialer.connection->ready() && !talk.opened && round < 20)
      dialer.connection->open("/echo/1", std::make_unique<Talking>(talk, pattern(1000)));
  }
  CHECK(talk.got == pattern(1000));
}

TEST_CASE("sixteen megabytes are echoed with little in between") {
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, echo_table());
  settle(dialer, listener);
  Talk talk;
  const Bytes message = pattern(16 << 20);
  REQUIRE(dialer.connection->open("/echo/1", std::make_unique<Talking>(talk, message)));
  settle(dialer, listener);
  CHECK(talk.got == message);
  CHECK(talk.fin);
  CHECK(talk.ends == 1);
  CHECK(talk.end == StreamEnd::kFinished);
  CHECK(listener.most_held <= kYamuxWindow);
  CHECK(listener.held == 0);
  CHECK(dialer.held == 0);
  CHECK(dialer.connection->streams() + listener.connection->streams() == 0);
}

TEST_CASE("an eager stream sends its question along, and a refusal ends it") {
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, echo_table());
  settle(dialer, listener);
  Talk talk, refused;
  dialer.connection->open("/echo/1", std::make_unique<Talking>(talk, pattern(300)), true);
  CHECK(talk.opened);
  listener.give(dialer.take());
  dialer.give(listener.take());
  CHECK(talk.got == pattern(300));
  settle(dialer, listener);
  CHECK(talk.end == StreamEnd::kFinished);
  dialer.connection->open("/other/1", std::make_unique<Talking>(refused, pattern(300)));
  settle(dialer, listener);
  CHECK_FALSE(refused.opened);
  CHECK(refused.end == StreamEnd::kRefused);
  CHECK(listener.connection->streams() == 0);
}

TEST_CASE("identify tells what a peer is, and ping that it is there") {
  const SelfDescription self = [](Connection&) {
    Identify message;
    message.agent_version = "test/1";
    message.protocols = {"/echo/1"};
    return message;
  };
  Protocols table = echo_table();
  table["/ipfs/id/1.0.0"] = identify_protocol(self);
  table["/ipfs/id/push/1.0.0"] = identify_push_protocol();
  table["/ipfs/ping/1.0.0"] = ping_protocol();
  End dialer(Role::kDialer, 1, table), listener(Role::kListener, 2, table);
  settle(dialer, listener);
  int answered = 0, pings = 0;
  p2p::identify(*dialer.connection, [&] { ++answered; });
  for (int i = 0; i < 2; ++i) p2p::ping(*dialer.connection, [&](auto result) { pings += result ? 1 : 0; });
  settle(dialer, listener);
  CHECK(answered == 1);
  CHECK(dialer.connection->identify.agent_version == "test/1");
  CHECK(dialer.connection->identify.protocols == std::vector<std::string>{"/echo/1"});
  CHECK(pings == 2);
  push_identify(*dialer.connection, self);
  settle(dialer, listener);
  CHECK(listener.connection->identify.agent_version == "test/1");
  // Who does not serve it leaves the answer empty.
  End bare(Role::kListener, 3), other(Role::kDialer, 1);
  settle(other, bare);
  p2p::identify(*other.connection, [&] { ++answered; });
  settle(other, bare);
  CHECK(answered == 2);
  CHECK(other.connection->identify.agent_version.empty());
}

TEST_CASE("a connection that does not come up in time is closed, whatever trickles in") {
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2);
  const Bytes start = dialer.take();
  for (std::size_t i = 0; i < 11; ++i) {
    listener.give({start[i]});
    listener.now += Millis(1000);
    listener.connection->tick(listener.now);
  }
  CHECK(listener.closes == 1);
  CHECK(listener.reason.code == Code::kTimeout);
  listener.give(Bytes(start.begin() + 11, start.end()));
  CHECK(listener.readies == 0);
}

TEST_CASE("an unwanted peer, this node itself and another peer than the dialled are refused") {
  {
    End dialer(Role::kDialer, 1), listener(Role::kListener, 2);
    listener.wanted = false;
    settle(dialer, listener);
    CHECK(listener.reason.code == Code::kLimited);
  }
  {
    End dialer(Role::kDialer, 1), listener(Role::kListener, 1);
    settle(dialer, listener);
    CHECK(dialer.reason.code == Code::kDenied);
  }
  End dialer(Role::kDialer, 1, {}, {}, PeerId::of(identity(3).public_key())), listener(Role::kListener, 2);
  settle(dialer, listener);
  CHECK(dialer.reason.code == Code::kDenied);
  CHECK(dialer.closes == 1);
  CHECK(listener.readies == 0);
}

TEST_CASE("a changed byte anywhere on the way up closes the connection and crashes nothing") {
  // The clear part and the handshake, each byte of what the dialer says first and of what follows.
  for (std::size_t at = 0; at < 220; ++at) {
    End dialer(Role::kDialer, 1), listener(Role::kListener, 2);
    std::size_t seen = 0;
    for (int round = 0; round < 12; ++round) {
      Bytes there = dialer.take();
      if (at >= seen && at < seen + there.size()) there[at - seen] ^= 0x41;
      seen += there.size();
      if (!there.empty()) listener.give(std::move(there));
      dialer.give(listener.take());
    }
    CHECK((listener.readies == 0 || listener.closes == 1));
  }
}

TEST_CASE("garbage at each layer closes the connection, with a bounded buffer") {
  for (int stage = 0; stage < 5; ++stage) {
    End dialer(Role::kDialer, 1), listener(Role::kListener, 2);
    for (int round = 0; round < stage; ++round) {
      listener.give(dialer.take());
      dialer.give(listener.take());
    }
    Bytes garbage = pattern(200'000);
    for (std::size_t at = 0; at < garbage.size() && !listener.connection->closed(); at += 1000)
      listener.give(Bytes(garbage.begin() + static_cast<std::ptrdiff_t>(at),
                          garbage.begin() + static_cast<std::ptrdiff_t>(at + 1000)));
    CHECK(listener.closes == 1);
    CHECK(listener.reason.code == Code::kBroken);
    CHECK(listener.take().size() < 100);
  }
}

TEST_CASE("streams without a protocol and of one protocol are limited in number") {
  ConnectionOptions options;
  options.negotiating = 4;
  Protocols table = echo_table();
  table["/echo/1"].most = 2;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, table, options);
  settle(dialer, listener);
  Talk talks[3];
  std::vector<std::shared_ptr<Stream>> streams;
  class Quiet final : public StreamHandler {
   public:
    explicit Quiet(Talk& talk) : talk_(talk) {}
    void on_data(Stream&, BytesView) override {}
    void on_end(Stream&, StreamEnd why) override {
      ++talk_.ends;
      talk_.end = why;
    }
    Talk& talk_;
  };
  for (Talk& talk : talks) streams.push_back(dialer.connection->open("/echo/1", std::make_unique<Quiet>(talk)));
  settle(dialer, listener);
  CHECK(listener.connection->streams() == 2);
  CHECK(talks[0].ends + talks[1].ends == 0);
  CHECK(talks[2].ends == 1);
  CHECK(talks[2].end == StreamEnd::kReset);
  // Ten minutes of silence: idle streams end, the connection lives on by its pings.
  for (int i = 0; i < 600; ++i) {
    advance(dialer, listener, Millis(1000));
    settle(dialer, listener);
  }
  CHECK(listener.connection->streams() == 0);
  CHECK(dialer.connection->ready());
}

TEST_CASE("what handlers do not consume is limited for a connection and for all") {
  class Hoarding final : public StreamHandler {
   public:
    void on_data(Stream&, BytesView) override {}
  };
  ConnectionOptions options;
  options.unread = 600'000;
  Protocols table{{"/hoard/1", {[](Stream&) { return std::make_unique<Hoarding>(); }, 32}}};
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, table, options);
  settle(dialer, listener);
  Talk talks[4];
  for (Talk& talk : talks) dialer.connection->open("/hoard/1", std::make_unique<Talking>(talk, pattern(1 << 20)));
  settle(dialer, listener);
  CHECK(listener.held <= 600'000);
  CHECK(talks[0].ends + talks[1].ends + talks[2].ends + talks[3].ends >= 1);
  CHECK(dialer.connection->ready());
  dialer.connection->abort({Code::kAborted, "over", {}});
  settle(dialer, listener);
  CHECK(listener.held == 0);
}

TEST_CASE("a peer that vanished is noticed by its silence") {
  ConnectionOptions options;
  End dialer(Role::kDialer, 1, {}, options), listener(Role::kListener, 2);
  settle(dialer, listener);
  for (int i = 0; i < 70; ++i) {
    dialer.now += Millis(1000);
    dialer.connection->tick(dialer.now);
    dialer.take();
  }
  CHECK(dialer.closes == 1);
  CHECK(dialer.reason.code == Code::kTimeout);
}

TEST_CASE("closing lets open streams end, and says so to the peer") {
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, echo_table());
  settle(dialer, listener);
  Talk talk;
  dialer.connection->open("/echo/1", std::make_unique<Talking>(talk, pattern(400'000)));
  listener.give(dialer.take());
  dialer.connection->close();
  CHECK_FALSE(dialer.connection->open("/echo/1", std::make_unique<Talking>(talk, pattern(1))));
  CHECK(dialer.closes == 0);
  settle(dialer, listener);
  CHECK(talk.got == pattern(400'000));
  CHECK(dialer.closes == 1);
  CHECK(listener.closes == 1);
  CHECK(listener.reason.code == Code::kUnreachable);
}

TEST_CASE("a handler may end its stream or its connection from within") {
  for (const bool whole : {false, true}) {
    class Leaving final : public StreamHandler {
     public:
      explicit Leaving(bool whole) : whole_(whole) {}
      void on_data(Stream& stream, BytesView) override {
        Connection& connection = stream.connection();
        if (whole_) connection.abort({Code::kDenied, "enough", {}});
        stream.reset();
        stream.write(pattern(10));
        stream.finish();
        called_ = "still here";
      }
      const bool whole_;
      std::string called_;
    };
    Protocols table{{"/leave/1", {[whole](Stream&) { return std::make_unique<Leaving>(whole); }, 32}}};
    End dialer(Role::kDialer, 1), listener(Role::kListener, 2, table);
    settle(dialer, listener);
    Talk talk;
    dialer.connection->open("/leave/1", std::make_unique<Talking>(talk, pattern(100'000)));
    settle(dialer, listener);
    CHECK(talk.ends == 1);
    CHECK(talk.end == (whole ? StreamEnd::kConnection : StreamEnd::kReset));
    CHECK(listener.closes == (whole ? 1 : 0));
    CHECK(listener.held == 0);
  }
}

TEST_CASE("a flood of frames that carry nothing ends the connection") {
  ConnectionOptions options;
  options.idle_frames = 100;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, {}, options);
  settle(dialer, listener);
  Talk talk;
  for (int i = 0; i < 400 && dialer.connection->ready(); ++i) {
    dialer.connection->open("/none/1", std::make_unique<Talking>(talk, Bytes()));
    dialer.connection->tick(dialer.now);
    listener.give(dialer.take());
    listener.take();
  }
  CHECK(listener.closes == 1);
  CHECK(listener.reason.code == Code::kLimited);
}
