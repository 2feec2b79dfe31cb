#include "p2p/noise.h"

#include <sodium.h>

#include "p2p/messages.h"

namespace rfs::p2p {
namespace {

constexpr std::string_view kSignaturePrefix = "noise-libp2p-static-key:";
constexpr std::size_t kKey = crypto_scalarmult_BYTES;

Bytes public_of(const SecretBytes& secret) {
  Bytes out(kKey);
  crypto_scalarmult_base(out.data(), secret.reveal().data());
  return out;
}

Bytes signed_bytes(BytesView static_public) {
  Bytes out;
  append(out, kSignaturePrefix);
  append(out, static_public);
  return out;
}

tl::unexpected<Error> broken(const char* why) { return fail(Code::kBroken, std::string("noise handshake: ") + why); }

}  // namespace

NoiseHandshake::NoiseHandshake(Role role, const SigningKey& identity, NoiseOptions options)
    : role_(role),
      identity_(identity),
      options_(std::move(options)),
      static_(options_.fixed_static.empty() ? SecretBytes::random(kKey) : std::move(options_.fixed_static)),
      ephemeral_(options_.fixed_ephemeral.empty() ? SecretBytes::random(kKey) : std::move(options_.fixed_ephemeral)),
      static_public_(public_of(static_)),
      ephemeral_public_(public_of(ephemeral_)) {}

NoiseHandshake::~NoiseHandshake() = default;

Bytes NoiseHandshake::payload() const {
  const Ed25519Signature signature = identity_.sign(signed_bytes(static_public_));
  return encode(NoisePayload{serialize_public_key(identity_.public_key()), Bytes(signature.begin(), signature.end()),
                             options_.muxers});
}

Result<> NoiseHandshake::mix_dh(const SecretBytes& secret, BytesView public_key) {
  SecretBytes shared(kKey);
  // libsodium refuses points of small order, whose shared secret would be zero.
  if (crypto_scalarmult(shared.reveal_mutable().data(), secret.reveal().data(), public_key.data()) != 0)
    return broken("a public key of small order");
  symmetric_.mix_key(shared.reveal());
  return {};
}

std::optional<Bytes> NoiseHandshake::take_message() {
  if (role_ == Role::kListener) {
    if (step_ != 1 || pending_.empty()) return std::nullopt;
    step_ = 2;
    return std::exchange(pending_, {});
  }
  if (step_ == 0) {
    step_ = 1;
    symmetric_.mix_hash(ephemeral_public_);
    symmetric_.mix_hash({});  // the empty payload, in clear
    return ephemeral_public_;
  }
  if (step_ != 2 || pending_.empty()) return std::nullopt;
  step_ = 3;
  return std::exchange(pending_, {});
}

Result<> NoiseHandshake::receive(BytesView message) {
  if (message.size() > kHandshakeMost) return broken("an oversized message");
  if (role_ == Role::kListener && step_ == 0) return first(message);
  if (role_ == Role::kDialer && step_ == 1) return second(message);
  if (role_ == Role::kListener && step_ == 2) return third(message);
  return broken("a message out of turn");
}

// A field of the message, decrypted when it is sealed.
Result<Bytes> NoiseHandshake::take(BytesView& message, std::size_t size, bool sealed) {
  if (sealed) size += kChachaTag;
  if (message.size() < size) return broken("a cut message");
  const BytesView field = message.first(size);
  message = message.subspan(size);
  if (!sealed) {
    symmetric_.mix_hash(field);
    return Bytes(field.begin(), field.end());
  }
  auto opened = symmetric_.decrypt_and_hash(field);
  if (!opened) return broken("it does not authenticate");
  return std::move(*opened);
}

// -> e. The responder's answer is made at once: <- e, ee, s, es, payload.
Result<> NoiseHandshake::first(BytesView message) {
  TRY_ASSIGN(remote_ephemeral_, take(message, kKey, false));
  symmetric_.mix_hash(message);  // a payload here is in clear and means nothing
  pending_ = ephemeral_public_;
  symmetric_.mix_hash(ephemeral_public_);
  TRY(mix_dh(ephemeral_, remote_ephemeral_));
  append(pending_, symmetric_.encrypt_and_hash(static_public_));
  TRY(mix_dh(static_, remote_ephemeral_));
  append(pending_, symmetric_.encrypt_and_hash(payload()));
  step_ = 1;
  return {};
}

// <- e, ee, s, es, payload. The initiator's answer is made at once: -> s, se, payload.
Result<> NoiseHandshake::second(BytesView message) {
  TRY_ASSIGN(remote_ephemeral_, take(message, kKey, false));
  TRY(mix_dh(ephemeral_, remote_ephemeral_));
  TRY_ASSIGN(remote_static_, take(message, kKey, true));
  TRY(mix_dh(ephemeral_, remote_static_));
  TRY(check_payload(message));
  pending_ = symmetric_.encrypt_and_hash(static_public_);
  TRY(mix_dh(static_, remote_ephemeral_));
  append(pending_, symmetric_.encrypt_and_hash(payload()));
  step_ = 2;
  return {};
}

// -> s, se, payload.
Result<> NoiseHandshake::third(BytesView message) {
  TRY_ASSIGN(remote_static_, take(message, kKey, true));
  TRY(mix_dh(ephemeral_, remote_static_));
  TRY(check_payload(message));
  step_ = 3;
  return {};
}

Result<> NoiseHandshake::check_payload(BytesView sealed) {
  const auto opened = symmetric_.decrypt_and_hash(sealed);
  if (!opened) return broken("it does not authenticate");
  TRY_ASSIGN(NoisePayload payload, decode_noise_payload(*opened));
  if (!verify_with(payload.identity_key, signed_bytes(remote_static_), payload.identity_signature))
    return fail(Code::kDenied, "noise handshake: the peer's identity does not verify");
  session_.peer = PeerId::of_public_key(payload.identity_key);
  if (!options_.expected.empty() && session_.peer != options_.expected)
    return fail(Code::kDenied, "noise handshake: another peer answered than the one that was dialled",
                "the address names a peer id; take it from that peer's `runnerfs peers`");
  session_.peer_key = std::move(payload.identity_key);
  session_.peer_muxers = std::move(payload.muxers);
  return {};
}

NoiseSession NoiseHandshake::finish() {
  NoiseSymmetric::Keys keys = symmetric_.split();
  const bool dialer = role_ == Role::kDialer;
  session_.hash = symmetric_.hash();
  session_.send_key = std::move(dialer ? keys.initiator_to_responder : keys.responder_to_initiator);
  session_.receive_key = std::move(dialer ? keys.responder_to_initiator : keys.initiator_to_responder);
  return std::move(session_);
}

}  // namespace rfs::p2p
