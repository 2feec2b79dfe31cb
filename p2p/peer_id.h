// PeerId: who a libp2p node is, the multihash of its public key (libp2p specs, peer-ids). Immutable value; any thread.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"

namespace rfs::p2p {

class PeerId {
 public:
  PeerId() = default;  // nobody
  // Of a serialized PublicKey message: identity multihash up to 42 bytes, else SHA-256.
  static PeerId of_public_key(BytesView serialized);
  static PeerId of(const Ed25519Public& key);
  // kInvalid for what is no identity or SHA-256 multihash of the right length.
  static Result<PeerId> from_bytes(BytesView multihash);
  // base58btc of the multihash ("12D3Koo…", "Qm…"), or a CIDv1 of codec libp2p-key in base32, base36 or base58.
  static Result<PeerId> parse(std::string_view text);

  bool empty() const { return bytes_.empty(); }
  BytesView bytes() const { return view(bytes_); }
  std::string text() const;  // base58btc
  // "…" and the last eight characters: for log lines.
  std::string brief() const;
  auto operator<=>(const PeerId&) const = default;

 private:
  explicit PeerId(BytesView bytes) : bytes_(rfs::text(bytes)) {}
  std::string bytes_;
};

// The PublicKey message of libp2p and its four kinds of keys.
enum class KeyType : std::uint8_t { kRsa = 0, kEd25519 = 1, kSecp256k1 = 2, kEcdsa = 3 };
Bytes serialize_public_key(const Ed25519Public& key);
// True when the serialized key made this signature. False for malformed and unknown keys.
[[nodiscard]] bool verify_with(BytesView serialized_key, BytesView message, BytesView signature);

}  // namespace rfs::p2p

template <>
struct std::hash<rfs::p2p::PeerId> {
  std::size_t operator()(const rfs::p2p::PeerId& id) const noexcept {
    return std::hash<std::string_view>()(rfs::text(id.bytes()));
  }
};
