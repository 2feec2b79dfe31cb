// libFuzzer: the Noise handshake, in front of who does not know the other side's keys and behind who does. The first byte
// chooses: the messages themselves, to the listener or the dialer; or the payload of the last message of either, sealed as it
// has to be, so that it reaches the protobuf, the key and the signature. Beside not crashing: who comes through has signed.
#include <sodium.h>

#include <cstdint>
#include <cstdlib>

#include "p2p/messages.h"
#include "p2p/noise.h"

namespace {

using namespace rfs;
using namespace rfs::p2p;

constexpr std::size_t kKeySize = crypto_scalarmult_BYTES;
constexpr std::string_view kSigned = "noise-libp2p-static-key:";

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

SecretBytes filled(std::uint8_t value) {
  SecretBytes out(kKeySize);
  std::fill_n(out.reveal_mutable().data(), kKeySize, value);
  return out;
}

Bytes public_half(const SecretBytes& secret) {
  Bytes out(kKeySize);
  crypto_scalarmult_base(out.data(), secret.reveal().data());
  return out;
}

// The honest side: everything of it is fixed, so that a corpus keeps its meaning.
struct Honest {
  explicit Honest(Role role) : handshake(role, key, options()) {}
  static NoiseOptions options() {
    NoiseOptions out;
    out.muxers = {"/yamux/1.0.0"};
    out.fixed_static = filled(2);
    out.fixed_ephemeral = filled(3);
    return out;
  }
  const SigningKey key = SigningKey::from_seed(Bytes(32, 1));
  NoiseHandshake handshake;
};

// The other one, step by step.
struct Forger {
  void mix(const SecretBytes& secret, BytesView remote) {
    SecretBytes shared(kKeySize);
    require(crypto_scalarmult(shared.reveal_mutable().data(), secret.reveal().data(), remote.data()) == 0);
    symmetric.mix_key(shared.reveal());
  }
  const SecretBytes fixed = filled(4), ephemeral = filled(5);
  const Bytes fixed_public = public_half(fixed), ephemeral_public = public_half(ephemeral);
  NoiseSymmetric symmetric;
};

void check(Honest& honest, BytesView payload, BytesView static_public) {
  if (!honest.handshake.done()) return;
  const auto decoded = decode_noise_payload(payload);
  require(decoded.has_value());
  Bytes text;
  append(text, kSigned);
  append(text, static_public);
  require(verify_with(decoded->identity_key, text, decoded->identity_signature));
  require(honest.handshake.finish().peer == PeerId::of_public_key(decoded->identity_key));
}

void payload_to_listener(BytesView payload) {
  Honest honest(Role::kListener);
  Forger forger;
  forger.symmetric.mix_hash(forger.ephemeral_public);
  forger.symmetric.mix_hash({});
  require(honest.handshake.receive(forger.ephemeral_public).has_value());
  const Bytes second = honest.handshake.take_message().value();
  const BytesView all(second), remote = all.first(kKeySize);
  forger.symmetric.mix_hash(remote);
  forger.mix(forger.ephemeral, remote);
  const auto fixed = forger.symmetric.decrypt_and_hash(all.subspan(kKeySize, kKeySize + 16));
  require(fixed.has_value());
  forger.mix(forger.ephemeral, *fixed);
  require(forger.symmetric.decrypt_and_hash(all.subspan(2 * kKeySize + 16)).has_value());
  Bytes third = forger.symmetric.encrypt_and_hash(forger.fixed_public);
  forger.mix(forger.fixed, remote);
  append(third, forger.symmetric.encrypt_and_hash(payload));
  require(honest.handshake.receive(third).has_value() == honest.handshake.done());
  check(honest, payload, forger.fixed_public);
}

void payload_to_dialer(BytesView payload) {
  Honest honest(Role::kDialer);
  Forger forger;
  const Bytes remote = honest.handshake.take_message().value();
  forger.symmetric.mix_hash(remote);
  forger.symmetric.mix_hash({});
  Bytes second = forger.ephemeral_public;
  forger.symmetric.mix_hash(forger.ephemeral_public);
  forger.mix(forger.ephemeral, remote);
  append(second, forger.symmetric.encrypt_and_hash(forger.fixed_public));
  forger.mix(forger.fixed, remote);
  append(second, forger.symmetric.encrypt_and_hash(payload));
  const bool taken = honest.handshake.receive(second).has_value();
  require(honest.handshake.take_message().has_value() == taken);
  require(honest.handshake.done() == taken);
  check(honest, payload, forger.fixed_public);
}

// u16 lengths and messages; what does not fit is the last one.
void messages(Role role, BytesView bytes) {
  Honest honest(role);
  for (int i = 0; i < 4; ++i) {
    (void)honest.handshake.take_message();
    const std::size_t size = bytes.size() < 2 ? 0 : std::min<std::size_t>(read_be<std::uint16_t>(bytes), bytes.size() - 2);
    bytes = bytes.subspan(std::min<std::size_t>(2, bytes.size()));
    if (!honest.handshake.receive(bytes.first(size))) break;
    bytes = bytes.subspan(size);
  }
  require(!honest.handshake.done());  // nobody guesses a tag
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int ready = sodium_init();
  if (ready < 0 || size == 0) return 0;
  const BytesView rest(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      messages(Role::kListener, rest);
      break;
    case 1:
      messages(Role::kDialer, rest);
      break;
    case 2:
      payload_to_listener(rest);
      break;
    default:
      payload_to_dialer(rest);
  }
  return 0;
}
