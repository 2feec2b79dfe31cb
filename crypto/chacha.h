// ChaCha20-Poly1305 (RFC 8439) by OpenSSL, which is twice as fast as libsodium's here: the transport cipher of Noise.
// An object holds one key with its schedule, so that a message costs no set-up. One thread at a time.
#pragma once

#include "base/bytes.h"
#include "base/handle.h"

struct evp_cipher_ctx_st;

namespace rfs {

inline constexpr std::size_t kChachaKey = 32;
inline constexpr std::size_t kChachaTag = 16;
using ChachaNonce = std::array<std::uint8_t, 12>;

class ChachaKey {
 public:
  // REQUIRES: 32 bytes.
  explicit ChachaKey(BytesView key);
  ChachaKey(ChachaKey&&) noexcept = default;
  ChachaKey& operator=(ChachaKey&&) noexcept = default;

  // out = ciphertext ‖ tag of the concatenation of `parts`. REQUIRES: out is as long as the parts and a tag; a nonce
  // that this key has never had.
  void seal(const ChachaNonce& nonce, BytesView aad, std::initializer_list<BytesView> parts, MutableBytes out);
  // Decrypts where the bytes are; the plaintext is all but the last 16. False when it does not authenticate: then the
  // bytes are worth nothing and are zeroed.
  [[nodiscard]] bool open(const ChachaNonce& nonce, BytesView aad, MutableBytes sealed);

 private:
  static void free_context(evp_cipher_ctx_st* context);
  Handle<evp_cipher_ctx_st, free_context> context_;
};

}  // namespace rfs
