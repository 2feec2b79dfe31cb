// Credentials from elsewhere, as they are before they are stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

// A value among those that an Imports holds.
class ImportedValue {
 public:
  ImportedValue() = default;
  explicit ImportedValue(BytesView bytes) : bytes_(bytes) {}
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  BytesView reveal() const { return bytes_; }
  std::string_view reveal_text() const { return text(bytes_); }

 private:
  BytesView bytes_;
};

struct Imported {
  std::string name, scope, filter;  // scope "": as the mount's context decides
  std::string ttl;                  // "" without an end
  ImportedValue value;
  bool null = false;  // "value": null, what GitHub makes of a secret that is not set
  bool allow_untrusted = false;
};

// Credentials with their values, which lie together in locked memory: a hundred thousand of them would be more mappings
// than a process may have, each on its own pages.
class Imports {
 public:
  // The copy lives as long as this does.
  ImportedValue keep(BytesView value);
  void add(Imported one) { all_.push_back(std::move(one)); }
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  const Imported& operator[](std::size_t i) const { return all_[i]; }
  auto begin() { return all_.begin(); }
  auto end() { return all_.end(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  std::vector<Imported> all_;
  std::vector<SecretBytes> blocks_;
  std::size_t used_ = 0;  // of the last block
};

// [{"name", "value" or "value_base64", "scope", "scope_filter", "ttl_hours", "ttl", "allow_untrusted"}, …]. kInvalid
// names the element; no message holds a value.
Result<Imports> parse_import(const SecretBytes& json);
// credentials.json.enc of the Python implementation, with the text of its .master_key. What is expired is left out and
// counted in `expired`. kNoKey: the key is not this file's.
Result<Imports> parse_reference_store(BytesView file, const SecretBytes& master_key, double now, std::size_t& expired);

}  // namespace rfs
