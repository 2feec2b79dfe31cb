// The symmetric half of the Noise protocol framework (revision 34, section 5) for
// Noise_XX_25519_ChaChaPoly_SHA256: chaining key, handshake hash, and ciphers that count their nonces. One thread.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/chacha.h"

namespace rfs::p2p {

// One direction of a session, or the key of a handshake step. Nonces count from 0; at 2^64 - 1 it is used up.
class NoiseCipher {
 public:
  explicit NoiseCipher(BytesView key) : key_(key) {}
  // False: used up. out as ChachaKey::seal wants it.
  [[nodiscard]] bool seal(BytesView aad, std::initializer_list<BytesView> parts, MutableBytes out);
  // False: not authentic, or used up. Decrypts in place.
  [[nodiscard]] bool open(BytesView aad, MutableBytes sealed);

 private:
  ChachaKey key_;
  std::uint64_t next_ = 0;
};

class NoiseSymmetric {
 public:
  NoiseSymmetric();  // the protocol's name, and an empty prologue
  void mix_hash(BytesView data);
  void mix_key(BytesView input);
  // ciphertext ‖ tag, or the bytes as they are before the first key.
  Bytes encrypt_and_hash(BytesView plaintext);
  std::optional<Bytes> decrypt_and_hash(BytesView sealed);
  const Digest& hash() const { return hash_; }
  struct Keys {
    SecretBytes initiator_to_responder, responder_to_initiator;
  };
  Keys split() const;

 private:
  Digest hash_{};
  SecretBytes chaining_key_;
  std::optional<NoiseCipher> cipher_;
};

}  // namespace rfs::p2p
