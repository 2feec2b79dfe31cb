// yamux: two sessions face to face, and one against a peer that breaks the rules.
#include "p2p/yamux.h"

#include <map>

#include "tests/unit/p2p/pair.h"
#include "tests/unit/p2p/vectors.h"

using namespace rfs;
using namespace rfs::p2p;
using namespace rfs::test;

namespace {

// A session that records what happened, and consumes what comes unless it is told to hold it.
struct Side final : YamuxSession::Events {
  explicit Side(Role role, YamuxOptions options = {}) : session(role, options, *this) {}
  bool on_open(std::uint32_t id) override {
    opened.push_back(id);
    return !refuse;
  }
  void on_data(std::uint32_t id, BytesView data) override {
    append(got[id], data);
    if (!hold) session.consumed(id, data.size());
  }
  void on_fin(std::uint32_t id) override { events += "fin" + std::to_string(id) + " "; }
  void on_gone(std::uint32_t id, bool reset) override {
    events += (reset ? "reset" : "closed") + std::to_string(id) + " ";
  }
  void on_room(std::uint32_t id) override { events += "room" + std::to_string(id) + " "; }
  void on_pong(std::uint32_t value) override { events += "pong" + std::to_string(value) + " "; }
  void on_go_away(std::uint32_t code) override { events += "away" + std::to_string(code) + " "; }

  Bytes take() {
    Bytes out;
    while (session.next([&](BytesView header, BytesView payload) {
      append(out, header);
      append(out, payload);
      largest = std::max(largest, payload.size());
    })) {
    }
    return out;
  }

  YamuxSession session;
  std::vector<std::uint32_t> opened;
  std::map<std::uint32_t, Bytes> got;
  std::string events;
  bool hold = false, refuse = false;
  std::size_t largest = 0;
};

// Until neither has anything to say.
void settle(Side& one, Side& two) {
  for (bool busy = true; busy;) {
    const Bytes there = one.take();
    REQUIRE(two.session.receive(there));
    const Bytes back = two.take();
    REQUIRE(one.session.receive(back));
    busy = !there.empty() || !back.empty();
  }
}

void refuses(const char* digits, Role role = Role::kListener) {
  Side side(role);
  const auto refused = side.session.receive(from_hex(digits));
  CHECK_FALSE(refused);
  CHECK(hex(side.take()) == "000300000000000000000001");
}

}  // namespace

TEST_CASE("frames are the specification's") {
  Side dialer(Role::kDialer);
  REQUIRE(dialer.session.open().value() == 1);
  CHECK(hex(dialer.take()) == "000100010000000100000000");
  dialer.session.write(1, Bytes(20, 0xaa));
  CHECK(hex(dialer.take()).starts_with("000000000000000100000014aaaa"));
  dialer.session.finish(1);
  CHECK(hex(dialer.take()) == "000100040000000100000000");
  dialer.session.reset(1);
  CHECK(hex(dialer.take()) == "000100080000000100000000");
  dialer.session.ping(7);
  CHECK(hex(dialer.take()) == "000200010000000000000007");
  dialer.session.go_away(GoAway::kNormal);
  CHECK(hex(dialer.take()) == "000300000000000000000000");

  Side listener(Role::kListener);
  REQUIRE(listener.session.receive(from_hex("000100010000000100000000000200010000000000000007")));
  CHECK(hex(listener.take()) == "000100020000000100000000000200020000000000000007");
  CHECK(listener.session.open().value() == 2);
}

TEST_CASE("a megabyte crosses both ways at once, in any pieces, and both ends close") {
  Side dialer(Role::kDialer), listener(Role::kListener);
  const Bytes large = pattern(1 << 20);
  const std::uint32_t id = dialer.session.open().value();
  dialer.session.write(id, large);
  dialer.session.finish(id);
  // The first bytes come one by one.
  Bytes start = dialer.take();
  for (std::size_t i = 0; i < 40; ++i) REQUIRE(listener.session.receive(BytesView(start).subspan(i, 1)));
  REQUIRE(listener.session.receive(BytesView(start).subspan(40)));
  listener.session.write(id, large);
  settle(dialer, listener);
  CHECK(listener.got[id] == large);
  CHECK(listener.events.find("fin1 ") != std::string::npos);
  CHECK(listener.session.streams() == 1);
  listener.session.finish(id);
  settle(dialer, listener);
  CHECK(dialer.got[id] == large);
  CHECK(dialer.events.find("fin1 closed1 ") != std::string::npos);
  CHECK(listener.events.find("closed1 ") != std::string::npos);
  CHECK(dialer.session.streams() + listener.session.streams() == 0);
  CHECK(dialer.largest <= YamuxOptions().frame);
}

TEST_CASE("a reader that does not read stops its own stream and no other") {
  Side dialer(Role::kDialer), listener(Role::kListener);
  listener.hold = true;
  const std::uint32_t slow = dialer.session.open().value(), quick = dialer.session.open().value();
  dialer.session.write(slow, pattern(1 << 20));
  settle(dialer, listener);
  CHECK(listener.got[slow].size() == kYamuxWindow);
  CHECK(dialer.session.buffered(slow) == (1 << 20) - kYamuxWindow);
  CHECK(dialer.session.credit(slow) == 0);
  listener.hold = false;
  dialer.session.write(quick, pattern(300'000));
  settle(dialer, listener);
  CHECK(listener.got[quick].size() == 300'000);
  CHECK(listener.got[slow].size() == kYamuxWindow);
  listener.session.consumed(slow, kYamuxWindow);
  settle(dialer, listener);
  CHECK(listener.got[slow] == pattern(1 << 20));
  CHECK(dialer.events.find("room1 ") != std::string::npos);
}

TEST_CASE("a message that has to be one frame is one, when the peer's credit allows it") {
  Side dialer(Role::kDialer), listener(Role::kListener);
  const std::uint32_t id = dialer.session.open().value();
  dialer.session.write(id, pattern(200'000), true);
  settle(dialer, listener);
  CHECK(dialer.largest == 200'000);
  CHECK(listener.got[id] == pattern(200'000));
  // More than the credit: in pieces, and nothing stalls.
  const std::uint32_t other = dialer.session.open().value();
  dialer.largest = 0;
  dialer.session.write(other, pattern(1 << 20), true);
  settle(dialer, listener);
  CHECK(listener.got[other] == pattern(1 << 20));
  CHECK(dialer.largest <= YamuxOptions().frame);
}

TEST_CASE("a reset ends both directions, and what was under way is dropped") {
  Side dialer(Role::kDialer), listener(Role::kListener);
  const std::uint32_t id = dialer.session.open().value();
  dialer.session.write(id, pattern(100'000));
  const Bytes under_way = dialer.take();
  REQUIRE(listener.session.receive(BytesView(under_way).first(50'000)));
  listener.session.reset(id);
  const std::size_t got = listener.got[id].size();
  REQUIRE(listener.session.receive(BytesView(under_way).subspan(50'000)));
  CHECK(listener.got[id].size() == got);
  REQUIRE(dialer.session.receive(listener.take()));
  CHECK(dialer.events == "room1 reset1 ");
  CHECK(dialer.session.streams() + listener.session.streams() == 0);
  dialer.session.write(id, pattern(10));
  CHECK(dialer.take().empty());
}

TEST_CASE("late frames of an ended stream are not an error, more than a window is") {
  Side listener(Role::kListener);
  REQUIRE(listener.session.receive(from_hex("000100000000000500000400")));
  REQUIRE(listener.session.receive(from_hex("0000000000000005000000041122334400020001000000000000000a")));
  CHECK(hex(listener.take()) == "00020002000000000000000a");
  refuses("000000000000000500040001");
}

TEST_CASE("credit adds up to what 32 bits hold, and a reset's number is no credit") {
  Side dialer(Role::kDialer);
  const std::uint32_t id = dialer.session.open().value();
  for (int i = 0; i < 3; ++i) REQUIRE(dialer.session.receive(from_hex("0001000000000001ffffffff")));
  CHECK(dialer.session.credit(id) == 0xffff'ffff);
  REQUIRE(dialer.session.receive(from_hex("0001000800000001ffffffff")));
  CHECK(dialer.session.credit(id) == 0);
  CHECK(dialer.events == "reset1 ");
}

TEST_CASE("what breaks the rules ends the session with a protocol error") {
  refuses("010000000000000100000000");                            // version
  refuses("000400000000000100000000");                            // type
  refuses("000000100000000100000000");                            // flags
  refuses("000100010000000000000000");                            // stream 0
  refuses("000200010000000100000000");                            // a ping on a stream
  refuses("000200030000000000000000");                            // a ping that asks and answers
  refuses("000200000000000000000000");                            // and one that does neither
  refuses("000100010000000200000000");                            // our own parity
  refuses("000100010000000100000000", Role::kDialer);             // and theirs, seen from the dialer
  refuses("000100010000000100000000000100010000000100000000");    // the same stream twice
  refuses("000000010000000100040001");                            // more than the window in one frame
  refuses("0001000500000001000000000000000000000001000000011f");  // data after FIN
}

TEST_CASE("a window is never exceeded by frames that each fit") {
  Side listener(Role::kListener);
  listener.hold = true;
  REQUIRE(listener.session.receive(from_hex("000100010000000100000000")));
  Bytes frame = from_hex("000000000000000100020000");
  frame.resize(frame.size() + 0x20000);
  REQUIRE(listener.session.receive(frame));
  REQUIRE(listener.session.receive(frame));
  CHECK_FALSE(listener.session.receive(from_hex("000000000000000100000001")));
}

TEST_CASE("streams beyond the limit are reset, and ids do not come twice") {
  YamuxOptions options;
  options.streams_in = 2;
  Side listener(Role::kListener, options);
  REQUIRE(
      listener.session.receive(from_hex("000100010000000100000000"
                                        "000100010000000300000000"
                                        "000100010000000500000000")));
  CHECK(listener.opened == std::vector<std::uint32_t>{1, 3});
  CHECK(hex(listener.take()).ends_with("000100080000000500000000"));
  REQUIRE(listener.session.receive(from_hex("000100080000000100000000")));
  REQUIRE(listener.session.receive(from_hex("000100010000000900000000")));
  CHECK(listener.opened.back() == 9);
  // 7 was skipped and may still come; 1 was used.
  REQUIRE(listener.session.receive(from_hex("000100080000000900000000000100010000000700000000")));
  CHECK(listener.opened.back() == 7);
  CHECK_FALSE(listener.session.receive(from_hex("000100010000000100000000")));
}

TEST_CASE("floods of streams and pings leave nothing behind and are counted") {
  YamuxOptions options;
  options.control = 64;
  Side listener(Role::kListener, options);
  for (std::uint32_t id = 1; id < 20'000; id += 2) {
    Bytes frames = from_hex("0001000100000000000000000001000800000000000000000002000100000000000000ff");
    for (std::size_t at : {7u, 19u})
      frames[at] = static_cast<std::uint8_t>(id), frames[at - 1] = static_cast<std::uint8_t>(id >> 8);
    REQUIRE(listener.session.receive(frames));
    listener.take();
  }
  CHECK(listener.session.streams() == 0);
  CHECK(listener.session.take_idle_frames() == 30'000);
  CHECK(listener.session.take_idle_frames() == 0);
  // A peer that asks and does not read the answers is ended before the queue grows.
  Side busy(Role::kListener, options);
  Result<> last;
  int pings = 0;
  for (; last && pings < 1000; ++pings) last = busy.session.receive(from_hex("0002000100000000000000ff"));
  CHECK_FALSE(last);
  CHECK(pings == 65);
}

TEST_CASE("a refused stream is reset and a refusal inside a callback is safe") {
  Side listener(Role::kListener);
  listener.refuse = true;
  REQUIRE(listener.session.receive(from_hex("000100010000000100000000")));
  CHECK(hex(listener.take()) == "000100080000000100000000");
  CHECK(listener.session.streams() == 0);
}

TEST_CASE("go-away and pong are told") {
  Side dialer(Role::kDialer);
  REQUIRE(dialer.session.receive(from_hex("000200020000000000000007000300000000000000000002")));
  CHECK(dialer.events == "pong7 away2 ");
}
