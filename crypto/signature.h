// Signatures. Ed25519 (RFC 8032) by libsodium, made and checked; RSA (PKCS #1 v1.5), ECDSA and secp256k1, all over
// SHA-256, by OpenSSL, only checked: identities of foreign peers. Any thread.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs {

using Ed25519Public = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

class SigningKey {
 public:
  static SigningKey generate();
  // REQUIRES: 32 bytes.
  static SigningKey from_seed(BytesView seed);
  const Ed25519Public& public_key() const { return public_; }
  Ed25519Signature sign(BytesView message) const;
  // The 32 bytes that the key is made of: to be sealed.
  BytesView seed() const { return secret_.reveal().first(32); }
  SigningKey clone() const { return from_seed(seed()); }

 private:
  SigningKey() = default;
  SecretBytes secret_;  // seed ‖ public key
  Ed25519Public public_{};
};

// False for keys and signatures of another size, too.
[[nodiscard]] bool ed25519_verify(BytesView public_key, BytesView message, BytesView signature);
// public_key: PKIX SubjectPublicKeyInfo in DER; an RSA key of 2,048 to 8,192 bits.
[[nodiscard]] bool rsa_verify(BytesView public_key, BytesView message, BytesView signature);
// public_key: the same, of an elliptic curve; the signature is DER.
[[nodiscard]] bool ecdsa_verify(BytesView public_key, BytesView message, BytesView signature);
// public_key: a point of secp256k1, 33 bytes; the signature is DER.
[[nodiscard]] bool secp256k1_verify(BytesView public_key, BytesView message, BytesView signature);

}  // namespace rfs
