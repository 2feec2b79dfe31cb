// CIDv1 as the reference writes validation hashes: multibase base32 ('b'), codec raw, multihash sha2-256. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace rfs {

// "bafkrei…", 59 characters.
std::string cid_v1_raw(BytesView content);
// The same, of content whose SHA-256 is known.
std::string cid_v1_of(const Digest& sha256);
// True when `hash` names these bytes: as such a CID, or as SHA-256 in hexadecimal (what the reference writes where its
// multiformats package is missing). Anything else is false.
bool content_hash_matches(std::string_view hash, BytesView content);

}  // namespace rfs
