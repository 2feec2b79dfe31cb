// The /noise handshake with fixed keys, byte for byte.
#include "p2p/noise.h"

#include "p2p/messages.h"
#include "p2p/secure_channel.h"
#include "tests/unit/p2p/vectors.h"

using namespace rfs;
using namespace rfs::p2p;
using namespace rfs::test;

namespace {

struct Expected {
  std::vector<std::string> muxers;
  std::string_view second, third, hash;
};

const Expected kWithMuxers{
    {"/yamux/1.0.0"},
    "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20a7ed3a6a454f03d7bb49831f99155a0f5b30"
    "d08f206300ad054574e2c183e32473fc04f9ec728bfb00430cf36aed63af19b2fb5876fa3fa7f11b3434f5ec1061d1bd502b"
    "6cb4e76b8e87f263e6be422adc454f0e5f5f661f03c47bc6927b0e483dca94f8b5662eeac6b8f2f991f85dbbb51c16c7bf7d"
    "a0c7000f86272cac8f93450c408ccfe560c4ba679841d160cff78498b6a4325c840facbc8ab842a27ee27931f9a33f4ebefc"
    "f941464f30ca32540011c9981894b185",
    "e86c81a880398a8d9bc21b322d8f524134ef9c0456a63ec2de76574116541dca9f8adde75309298f98974b0326b7878927e4"
    "f597132223f511d2f4de776623fb3b3d8aaf51a49c0d4d1f6e23eed4651149fc5b9a6324d7aabc80e2ca20756876b77ac862"
    "53ef02b0eae304fa7cfc8078c239f2080babd496eb8f91d96113d3991ae9437a48622ac913e67c392c71efcc20e4e47fd72e"
    "0123db70f4225ebf73531d97a3e25c66277a57c7da84d4aa0fd0270dd580d1d6edab",
    "ab2d72ae9c75536aa76ec2a63be8c6c9344036ab7ee1930a7226db65c1ba4344"};
const Expected kWithout{
    {},
    "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20a7ed3a6a454f03d7bb49831f99155a0f5b30"
    "d08f206300ad054574e2c183e32473fc04f9ec728bfb00430cf36aed63af19b2fb5876fa3fa7f11b3434f5ec1061d1bd502b"
    "6cb4e76b8e87f263e6be422adc454f0e5f5f661f03c47bc6927b0e483dca94f8b5662eeac6b8f2f991f85dbbb51c16c7bf7d"
    "a0c7000f86272cac8f93450c408ccfe560c4ba679841d160cff78498b6a4325c840f159336ed229337b67fb3be071b3e1168",
    "e86c81a880398a8d9bc21b322d8f524134ef9c0456a63ec2de76574116541dca41e9ab037523da5a84fbabef8d5aa97d27e4"
    "f597132223f511d2f4de776623fb3b3d8aaf51a49c0d4d1f6e23eed4651149fc5b9a6324d7aabc80e2ca20756876b77ac862"
    "53ef02b0eae304fa7cfc8078c239f2080babd496eb8f91d96113d3991ae9437a48622ac913e67c392c71efcc20e4e47fd72e"
    "012308269fff16260cc61691152cd1e914d3",
    "162c951b281282951159d18079e40803791527b2217d85ef6469db00b03e1c4e"};
constexpr std::string_view kFirst = "052a50773ac8d91773f2dc9662e12f0defe915e415b8a1c8e20a5a3d6ab2b843";

NoiseOptions fixed(std::uint8_t static_byte, std::uint8_t ephemeral_byte, std::vector<std::string> muxers) {
  NoiseOptions options;
  options.muxers = std::move(muxers);
  options.fixed_static = SecretBytes::copy_of(Bytes(32, static_byte));
  options.fixed_ephemeral = SecretBytes::copy_of(Bytes(32, ephemeral_byte));
  return options;
}

}  // namespace

TEST_CASE("the handshake with fixed keys is the vectors', with early muxers and without") {
  const SigningKey one = identity(1), two = identity(2);
  for (const Expected& expected : {kWithMuxers, kWithout}) {
    NoiseHandshake dialer(Role::kDialer, one, fixed(0x11, 0x12, expected.muxers));
    NoiseHandshake listener(Role::kListener, two, fixed(0x21, 0x22, expected.muxers));
    CHECK_FALSE(listener.take_message());
    const auto first = dialer.take_message();
    REQUIRE(first);
    CHECK(hex(*first) == kFirst);
    REQUIRE(listener.receive(*first));
    const auto second = listener.take_message();
    REQUIRE(second);
    CHECK(hex(*second) == expected.second);
    REQUIRE(dialer.receive(*second));
    const auto third = dialer.take_message();
    REQUIRE(third);
    CHECK(hex(*third) == expected.third);
    CHECK(dialer.done());
    REQUIRE(listener.receive(*third));
    REQUIRE(listener.done());
    NoiseSession at_dialer = dialer.finish(), at_listener = listener.finish();
    CHECK(hex(at_dialer.hash) == expected.hash);
    CHECK(at_listener.hash == at_dialer.hash);
    CHECK(at_dialer.peer.text() == kIdTwo);
    CHECK(at_listener.peer.text() == kIdOne);
    CHECK(at_listener.peer_muxers == expected.muxers);
    CHECK(hex(at_dialer.send_key.reveal()) == "0fe0098213134667862fb8218f776a53bcb48d85dc9434132714807c77147efc");
    CHECK(hex(at_dialer.receive_key.reveal()) == "9c5a84aabbc19454b741f25f57f3f4a89b18e4e2306c71183cdc4433cf29321e");
    CHECK(at_listener.send_key.equals(at_dialer.receive_key.reveal()));
  }
}

TEST_CASE("the transport messages after it are the vectors'") {
  SecureChannel dialer(
      SecretBytes::copy_of(from_hex("0fe0098213134667862fb8218f776a53bcb48d85dc9434132714807c77147efc")),
      SecretBytes::copy_of(from_hex("9c5a84aabbc19454b741f25f57f3f4a89b18e4e2306c71183cdc4433cf29321e")));
  Bytes out;
  REQUIRE(dialer.seal(from_hex("132f6d756c746973747265616d2f312e302e300a"), {}, out));
  CHECK(hex(out) == "0024d1dfc234f6f1b7ebe7b779d0b39ee7129e0d75f3d3f9970ac70fc4962e6a73c2c0f19b35");
  // An empty message uses a nonce; we never send one but take it.
  Bytes answer = from_hex("de1bbf216b294364f37e27eb720b6af617c4c858fb");
  const auto opened = dialer.open(answer);
  REQUIRE(opened);
  CHECK(text(*opened) == "hello");
  CHECK_FALSE(dialer.open(answer));
}

TEST_CASE("a peer that is not the expected one is refused") {
  const SigningKey one = identity(1), two = identity(2);
  NoiseOptions options;
  options.expected = PeerId::of(one.public_key());
  NoiseHandshake dialer(Role::kDialer, one, std::move(options));
  NoiseHandshake listener(Role::kListener, two, {});
  REQUIRE(listener.receive(*dialer.take_message()));
  const auto refused = dialer.receive(*listener.take_message());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kDenied);
}

TEST_CASE("every changed byte of the second and third message is noticed") {
  const SigningKey one = identity(1), two = identity(2);
  Bytes second, third;
  {
    NoiseHandshake dialer(Role::kDialer, one, fixed(0x11, 0x12, {}));
    NoiseHandshake listener(Role::kListener, two, fixed(0x21, 0x22, {}));
    REQUIRE(listener.receive(*dialer.take_message()));
    second = *listener.take_message();
    REQUIRE(dialer.receive(second));
    third = *dialer.take_message();
  }
  for (std::size_t i = 0; i < second.size(); ++i) {
    NoiseHandshake dialer(Role::kDialer, one, fixed(0x11, 0x12, {}));
    REQUIRE(dialer.take_message());
    Bytes changed = second;
    changed[i] ^= 1;
    CHECK_FALSE(dialer.receive(changed));
    CHECK_FALSE(dialer.take_message());
  }
  for (std::size_t i = 0; i < third.size(); ++i) {
    NoiseHandshake listener(Role::kListener, two, fixed(0x21, 0x22, {}));
    REQUIRE(listener.receive(from_hex(kFirst)));
    REQUIRE(listener.take_message());
    Bytes changed = third;
    changed[i] ^= 1;
    CHECK_FALSE(listener.receive(changed));
    CHECK_FALSE(listener.done());
  }
}

TEST_CASE("an ephemeral key of small order, a cut message and one out of turn are refused") {
  const SigningKey two = identity(2);
  NoiseHandshake zero(Role::kListener, two, {});
  CHECK_FALSE(zero.receive(Bytes(32, 0)));
  NoiseHandshake cut(Role::kListener, two, {});
  CHECK_FALSE(cut.receive(Bytes(31, 9)));
  NoiseHandshake large(Role::kListener, two, {});
  CHECK_FALSE(large.receive(Bytes(kHandshakeMost + 1, 9)));
  NoiseHandshake dialer(Role::kDialer, two, {});
  CHECK_FALSE(dialer.receive(Bytes(200, 9)));
}

TEST_CASE("a signature by another identity than the one that is named is refused") {
  // A listener that presents the key of `one` but can only sign with its own.
  const SigningKey one = identity(1), two = identity(2);
  const NoisePayload payload{serialize_public_key(one.public_key()), Bytes(64, 7), {}};
  CHECK_FALSE(verify_with(payload.identity_key, view("noise-libp2p-static-key:"), payload.identity_signature));
  const auto signature = two.sign(view("message"));
  CHECK(verify_with(serialize_public_key(two.public_key()), view("message"), signature));
  CHECK_FALSE(verify_with(serialize_public_key(one.public_key()), view("message"), signature));
  CHECK_FALSE(verify_with(from_hex("0a00"), view("message"), signature));
}

TEST_CASE("what is longer than a message is sealed as several, and comes out whole in any pieces") {
  const SecretBytes key = SecretBytes::random(32), other = SecretBytes::random(32);
  SecureChannel sender(key, other), receiver(other, key);
  Bytes body(200'000);
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  Bytes wire;
  REQUIRE(sender.seal(view("head"), body, wire));
  NoiseFrames frames;
  Bytes got;
  std::size_t messages = 0;
  for (std::size_t at = 0, step = 1; at < wire.size(); at += step, step = step * 3 % 70'001 + 1) {
    Bytes piece(wire.begin() + static_cast<std::ptrdiff_t>(at),
                wire.begin() + static_cast<std::ptrdiff_t>(std::min(at + step, wire.size())));
    REQUIRE(frames.receive(piece, [&](MutableBytes message) -> Result<> {
      TRY_ASSIGN(BytesView plain, receiver.open(message));
      append(got, plain);
      ++messages;
      return {};
    }));
  }
  Bytes expected;
  append(expected, "head");
  append(expected, body);
  CHECK(got == expected);
  CHECK(messages == 4);
  CHECK(frames.kept() == 0);
}
