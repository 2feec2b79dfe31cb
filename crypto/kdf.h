// Key derivation by OpenSSL: HMAC-SHA256 (RFC 2104), HKDF-SHA256 (RFC 5869), PBKDF2-HMAC-SHA256 (RFC 8018).
// Pure functions; any thread.
#pragma once

#include <initializer_list>

#include "base/bytes.h"
#include "base/secret.h"

namespace rfs {

// Of the concatenation of `parts`.
Digest hmac_sha256(BytesView key, std::initializer_list<BytesView> parts);
inline Digest hmac_sha256(BytesView key, BytesView message) { return hmac_sha256(key, {message}); }

// 32 bytes. An empty salt is 32 zero bytes, as the RFC says.
SecretBytes hkdf_extract(BytesView salt, BytesView ikm);
// REQUIRES: 0 < size <= 255 * 32.
SecretBytes hkdf_expand(BytesView prk, BytesView info, std::size_t size = 32);
SecretBytes hkdf(BytesView ikm, BytesView salt, BytesView info, std::size_t size = 32);

// REQUIRES: iterations > 0. 100,000 take about 20 ms: never on a FUSE worker.
SecretBytes pbkdf2_sha256(BytesView password, BytesView salt, unsigned iterations, std::size_t size = 32);

}  // namespace rfs
