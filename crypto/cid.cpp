#include "crypto/cid.h"

#include <algorithm>

#include "base/encode.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

// CID version 1 ‖ codec raw ‖ multihash sha2-256 ‖ its length.
constexpr std::array<std::uint8_t, 4> kPrefix{0x01, 0x55, 0x12, 0x20};

}  // namespace

std::string cid_v1_raw(BytesView content) { return cid_v1_of(sha256(content)); }

std::string cid_v1_of(const Digest& sha256) {
  Bytes cid(kPrefix.begin(), kPrefix.end());
  append(cid, BytesView(sha256));
  return "b" + base32_lower(cid);
}

bool content_hash_matches(std::string_view hash, BytesView content) {
  Digest digest = sha256(content);
  if (hash.size() == 2 * digest.size()) {
    auto bytes = unhex(hash);
    return bytes && std::ranges::equal(*bytes, digest);
  }
  return hash == cid_v1_raw(content);
}

}  // namespace rfs
