// multistream-select: both sides, in any pieces, and what is refused.
#include "p2p/multistream.h"

#include "tests/unit/p2p/vectors.h"

using namespace rfs;
using namespace rfs::p2p;
using namespace rfs::test;

namespace {

using State = Multistream::State;

Multistream listener_of(std::string protocol) {
  return Multistream::listener([protocol](std::string_view one) { return one == protocol; });
}

State give(Multistream& to, const Bytes& bytes) {
  BytesView rest = bytes;
  return to.receive(rest);
}

Bytes said(std::initializer_list<std::string_view> lines) {
  Bytes out;
  for (std::string_view line : lines) append(out, multistream_message(line));
  return out;
}

}  // namespace

TEST_CASE("messages are the specification's") {
  CHECK(hex(multistream_message("/multistream/1.0.0")) == "132f6d756c746973747265616d2f312e302e300a");
  CHECK(hex(multistream_message("/noise")) == "072f6e6f6973650a");
  CHECK(hex(multistream_message("na")) == "036e610a");
  CHECK(hex(multistream_message("/github-cache/peer-exchange/1.0.0")) ==
        "222f6769746875622d63616368652f706565722d65786368616e67652f312e302e300a");
}

TEST_CASE("both sides agree, byte by byte, and what follows is the protocol's") {
  Multistream dialer = Multistream::dialer({"/yamux/1.0.0"});
  Multistream listener = listener_of("/yamux/1.0.0");
  Bytes wire = dialer.take_output();
  append(wire, "payload");
  std::size_t used = 0;
  for (; listener.state() == State::kGoing; ++used) {
    BytesView one = BytesView(wire).subspan(used, 1);
    listener.receive(one);
    CHECK(one.empty());
  }
  CHECK(listener.state() == State::kAgreed);
  CHECK(text(BytesView(wire).subspan(used)) == "payload");
  Bytes answer = listener.take_output();
  append(answer, "more");
  BytesView rest = answer;
  CHECK(dialer.receive(rest) == State::kAgreed);
  CHECK(dialer.protocol() == "/yamux/1.0.0");
  CHECK(text(rest) == "more");
}

TEST_CASE("after na the next protocol is proposed, and after the last one it is over") {
  Multistream dialer = Multistream::dialer({"/a", "/b", "/c"});
  Multistream listener = listener_of("/b");
  REQUIRE(give(listener, dialer.take_output()) == State::kGoing);
  REQUIRE(give(dialer, listener.take_output()) == State::kGoing);
  REQUIRE(give(listener, dialer.take_output()) == State::kAgreed);
  REQUIRE(give(dialer, listener.take_output()) == State::kAgreed);
  CHECK(dialer.protocol() == "/b");

  Multistream alone = Multistream::dialer({"/a"});
  CHECK(give(alone, said({"/multistream/1.0.0", "na"})) == State::kFailed);
  CHECK(alone.refused());
}

TEST_CASE("a listener answers na to everything but its own, and not without end") {
  Multistream listener = listener_of("/noise");
  CHECK(give(listener, said({"/multistream/1.0.0", "/tls/1.0.0", "ls"})) == State::kGoing);
  CHECK(listener.take_output() == said({"/multistream/1.0.0", "na", "na"}));
  for (int i = 0; i < 20; ++i) give(listener, said({"/plaintext/2.0.0"}));
  CHECK(listener.state() == State::kFailed);
}

TEST_CASE("what breaks the rules ends it") {
  const Bytes kHostile[] = {
      said({"/noise"}),                                      // no header
      said({"/multistream/2.0.0"}),                          // another version
      from_hex("00"),                                        // no length
      from_hex("8000"),                                      // a length that is not minimal
      from_hex("ffff7f"),                                    // a length of three bytes
      from_hex("8108"),                                      // 1,025
      from_hex("132f6d756c746973747265616d2f312e302e3030"),  // no line end
      Bytes(64, 0xff),
  };
  for (const Bytes& bytes : kHostile) {
    Multistream listener = listener_of("/noise");
    Bytes more = bytes;
    more.insert(more.end(), 2048, 0);
    CHECK(give(listener, more) == State::kFailed);
    Multistream dialer = Multistream::dialer({"/noise"});
    dialer.take_output();
    CHECK(give(dialer, more) == State::kFailed);
    CHECK_FALSE(dialer.refused());
  }
  Multistream other = Multistream::dialer({"/noise"});
  CHECK(give(other, said({"/multistream/1.0.0", "/tls/1.0.0"})) == State::kFailed);
}
