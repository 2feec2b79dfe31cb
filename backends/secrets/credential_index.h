// CredentialIndex: what the rows of a store must be: id → version and commitment of the record, checked against ROOT
// when it was loaded. It holds no value. Belongs to whoever holds the lock around it.
#pragma once

#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "backends/secrets/secret_record.h"
#include "base/bytes.h"

namespace rfs::secrets {

struct IndexRow {
  Digest parent{};
  std::uint64_t version = 0;
  Digest commit{};
  FactsPtr facts;  // null until the record was opened once
};

struct DigestHash {
  // Ids are HMACs: any eight bytes of them are as good as a hash.
  std::size_t operator()(const Digest& id) const { return static_cast<std::size_t>(read_be<std::uint64_t>(id)); }
};

class CredentialIndex {
 public:
  using Ids = std::unordered_set<Digest, DigestHash>;

  IndexRow* find(const Digest& id) {
    auto at = rows_.find(id);
    return at == rows_.end() ? nullptr : &at->second;
  }
  void set(const Digest& id, IndexRow row) {
    erase(id);
    parents_[row.parent].insert(id);
    rows_.emplace(id, std::move(row));
  }
  void erase(const Digest& id) {
    auto at = rows_.find(id);
    if (at == rows_.end()) return;
    auto parent = parents_.find(at->second.parent);
    parent->second.erase(id);
    if (parent->second.empty()) parents_.erase(parent);
    rows_.erase(at);
  }
  std::size_t size() const { return rows_.size(); }
  const std::unordered_map<Digest, IndexRow, DigestHash>& rows() const { return rows_; }
  // The ids of one scope; scopes without any are not there.
  const std::unordered_map<Digest, Ids, DigestHash>& parents() const { return parents_; }

 private:
  std::unordered_map<Digest, IndexRow, DigestHash> rows_;
  std::unordered_map<Digest, Ids, DigestHash> parents_;
};

}  // namespace rfs::secrets
