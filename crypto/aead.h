// AES-256-GCM (NIST SP 800-38D) by OpenSSL, with 96-bit nonces and 16-byte tags and nothing else: a short tag is not
// a tag. Pure functions; any thread. REQUIRES everywhere: a key of 32 bytes; a nonce that this key has never had.
#pragma once

#include "base/bytes.h"

namespace rfs {

inline constexpr std::size_t kAeadKey = 32;
inline constexpr std::size_t kAeadNonce = 12;
inline constexpr std::size_t kAeadTag = 16;

using AeadNonce = std::array<std::uint8_t, kAeadNonce>;

// out = ciphertext ‖ tag. REQUIRES: out.size() == plaintext.size() + kAeadTag; no overlap.
void aead_seal(BytesView key, const AeadNonce& nonce, BytesView aad, BytesView plaintext, MutableBytes out);
// False when sealed is shorter than a tag or does not authenticate; `out` is then zeros: no byte before its tag.
// REQUIRES: out.size() == sealed.size() - kAeadTag (0 for shorter ones); no overlap.
[[nodiscard]] bool aead_open(BytesView key, const AeadNonce& nonce, BytesView aad, BytesView sealed, MutableBytes out);

}  // namespace rfs
