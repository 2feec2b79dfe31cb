// The clear ids of sealed rows, B.2 of the format: keyed hashes, so that a name cannot be confirmed without the key.
// Pure functions; any thread.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "crypto/key_ring.h"

namespace rfs {

// HMAC(K_lookup, u8 1 ‖ u8 space ‖ lp(partition) ‖ lp(class) ‖ lp(canonical)). space: the number on disk.
// A text over 65,535 bytes, which lp cannot hold, stands as its SHA-256.
Digest entry_id(const KeyRing& ring, std::uint8_t space, std::string_view partition, std::string_view cls,
                std::string_view canonical);
// HMAC(K_parent, the same with the directory): equal for all entries of one directory, so that listing needs no scan.
Digest parent_id(const KeyRing& ring, std::uint8_t space, std::string_view partition, std::string_view cls,
                 std::string_view directory);
// HMAC(K_lookup, u8 3 ‖ u8 scope_kind ‖ lp(scope_id) ‖ lp(name)).
Digest secret_id(const KeyRing& ring, std::uint8_t scope_kind, std::string_view scope_id, std::string_view name);
// HMAC(K_parent, u8 3 ‖ u8 scope_kind ‖ lp(scope_id)): equal for all credentials of one scope.
Digest secret_parent_id(const KeyRing& ring, std::uint8_t scope_kind, std::string_view scope_id);

}  // namespace rfs
