// A credential ↔ the plaintext of its SECRET record. runnerfs-formats(7), "SECRET". Pure functions, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backends/secrets/scope.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/key_ring.h"

namespace rfs::secrets {

// All of a credential but its value. Times are milliseconds since 1970.
struct Facts {
  Scope scope;
  std::string name;
  std::uint64_t created = 0;    // when this value was stored
  std::uint64_t not_after = 0;  // 0: never
  std::uint64_t ttl = 0;        // the length that a rotation restarts; 0 exactly when not_after is
  bool allow_untrusted = false;
  std::uint64_t size = 0;     // of the value
  std::uint64_t version = 0;  // in the row and the record's identity, not in the plaintext
};
using FactsPtr = std::shared_ptr<const Facts>;

inline constexpr std::size_t kValueMost = 1u << 20;

// Lengths on disk: 256, 512, 1,024, 2,048, then multiples of 4,096.
std::size_t padded_size(std::size_t size);

// REQUIRES: a scope's id and a name that lp holds; a value of at most kValueMost bytes.
SecretBytes encode_secret(const Facts& facts, const SecretBytes& value);
struct Secret {
  Facts facts;  // version is 0
  SecretBytes value;
};
// kTampered for everything that encode_secret cannot have written.
Result<Secret> decode_secret(const SecretBytes& plaintext);

// HMAC(K_lookup, …) and HMAC(K_parent, …) of where it is.
Digest id_of(const KeyRing& ring, const Scope& scope, std::string_view name);
Digest parent_of(const KeyRing& ring, const Scope& scope);

// The whole record, under the current term.
Result<Bytes> seal_secret(const KeyRing& ring, const Facts& facts, const SecretBytes& value);
// Under the current term, whatever the plaintext says.
Result<Bytes> seal_secret_plaintext(const KeyRing& ring, const Digest& id, std::uint64_t version, BytesView plaintext);
Result<SecretBytes> open_secret_plaintext(const KeyRing& ring, const Digest& id, std::uint64_t version,
                                          BytesView record);
// kTampered also when the record is not about `id`.
Result<Secret> open_secret(const KeyRing& ring, const Digest& id, std::uint64_t version, BytesView record);

}  // namespace rfs::secrets
