// Credentials from elsewhere, as they are before they are stored.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

struct Imported {
  std::string name, scope, filter;  // scope "": as the mount's context decides
  std::string ttl;                  // "" without an end
  SecretBytes value;
  bool null = false;  // "value": null, what GitHub makes of a secret that is not set
  bool allow_untrusted = false;
};

// [{"name", "value" or "value_base64", "scope", "scope_filter", "ttl_hours", "ttl", "allow_untrusted"}, …]. kInvalid
// names the element; no message holds a value.
Result<std::vector<Imported>> parse_import(const SecretBytes& json);
// credentials.json.enc of the Python implementation, with the text of its .master_key. What is expired is left out and
// counted in `expired`. kNoKey: the key is not this file's.
Result<std::vector<Imported>> parse_reference_store(BytesView file, const SecretBytes& master_key, double now,
                                                    std::size_t& expired);

}  // namespace rfs
