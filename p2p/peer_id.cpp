#include "p2p/peer_id.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "p2p/base_x.h"
#include "p2p/messages.h"
#include "p2p/varint.h"

namespace rfs::p2p {
namespace {

constexpr std::uint8_t kIdentity = 0x00, kSha256 = 0x12;
constexpr std::size_t kInlineMost = 42;
constexpr std::uint64_t kCidVersion = 1, kLibp2pKey = 0x72;

std::optional<Bytes> decode_multibase(std::string_view text) {
  const std::string_view digits = text.substr(1);
  switch (text[0]) {
    case 'b':
      return unbase32(digits);
    case 'k':
      return decode_base_x(kBase36, digits);
    case 'z':
      return decode_base_x(kBase58, digits);
    default:
      return std::nullopt;
  }
}

}  // namespace

PeerId PeerId::of_public_key(BytesView serialized) {
  Bytes bytes;
  if (serialized.size() <= kInlineMost) {
    bytes = {kIdentity, static_cast<std::uint8_t>(serialized.size())};
    append(bytes, serialized);
  } else {
    bytes = {kSha256, sizeof(Digest)};
    append(bytes, BytesView(sha256(serialized)));
  }
  return PeerId(bytes);
}

PeerId PeerId::of(const Ed25519Public& key) { return of_public_key(serialize_public_key(key)); }

Result<PeerId> PeerId::from_bytes(BytesView multihash) {
  const bool fine = multihash.size() > 2 && multihash[1] == multihash.size() - 2 &&
                    (multihash[0] == kSha256 ? multihash[1] == sizeof(Digest)
                                             : multihash[0] == kIdentity && multihash[1] <= kInlineMost);
  if (!fine) return fail(Code::kInvalid, "not the bytes of a peer id");
  return PeerId(multihash);
}

Result<PeerId> PeerId::parse(std::string_view text) {
  const auto bad = [] {
    return fail(Code::kInvalid, "not a peer id", "a peer id looks like 12D3KooW… or Qm…; `runnerfs peers` prints it");
  };
  if (text.size() < 8 || text.size() > 128) return bad();
  if (text.starts_with("1") || text.starts_with("Qm")) {
    const auto bytes = decode_base_x(kBase58, text);
    return bytes ? from_bytes(*bytes) : bad();
  }
  const auto cid = decode_multibase(text);
  if (!cid) return bad();
  BytesView rest = *cid;
  std::uint64_t version = 0, codec = 0;
  if (take_uvarint(rest, version) != Varint::kWhole || take_uvarint(rest, codec) != Varint::kWhole ||
      version != kCidVersion || codec != kLibp2pKey)
    return bad();
  return from_bytes(rest);
}

std::string PeerId::text() const { return encode_base_x(kBase58, bytes()); }

std::string PeerId::brief() const {
  const std::string whole = text();
  return whole.size() > 8 ? "…" + whole.substr(whole.size() - 8) : whole;
}

Bytes serialize_public_key(const Ed25519Public& key) {
  return encode(PublicKeyMessage{static_cast<std::uint32_t>(KeyType::kEd25519), Bytes(key.begin(), key.end())});
}

bool verify_with(BytesView serialized_key, BytesView message, BytesView signature) {
  const auto key = decode_public_key(serialized_key);
  if (!key) return false;
  switch (static_cast<KeyType>(key->type)) {
    case KeyType::kRsa:
      return rsa_verify(key->data, message, signature);
    case KeyType::kEd25519:
      return ed25519_verify(key->data, message, signature);
    case KeyType::kSecp256k1:
      return secp256k1_verify(key->data, message, signature);
    case KeyType::kEcdsa:
      return ecdsa_verify(key->data, message, signature);
  }
  return false;
}

}  // namespace rfs::p2p
