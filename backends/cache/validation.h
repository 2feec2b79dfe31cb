// Validation fields and content hashes of cache entries, byte for byte as the Python implementation makes them, so that
// its peers and ours believe each other's entries. Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

#include "base/result.h"

namespace rfs {

// Whether entries of this operation have validation fields; the others live by their TTL alone.
bool has_validation_fields(std::string_view operation);
// The fields of a result as Python's json.dumps(fields, sort_keys=True) writes them; "" when there are none.
std::string validation_fields(std::string_view operation, const nlohmann::json& data);
// CIDv1 (base32, raw, sha2-256) of that text.
std::string content_hash(std::string_view fields);
// True when `declared` is the hash of the fields: the CID, or plain SHA-256 in hex, which the Python implementation
// writes where its multiformats package is missing.
bool content_hash_is(std::string_view declared, std::string_view fields);
// A JSON object of fields in the form that is hashed. kInvalid when it is not an object.
Result<std::string> canonical_fields(std::string_view json);

}  // namespace rfs
