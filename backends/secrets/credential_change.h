// Change: what one transaction of a CredentialStore does. Lives only within CredentialStore::change(); one thread.
#pragma once

#include <map>
#include <optional>

#include "backends/secrets/credential_store.h"
#include "backends/secrets/credential_store_impl.h"

namespace rfs::secrets {

class Change {
 public:
  // REQUIRES: the state of `store` is that of the transaction that is open on db.
  Change(CredentialStore::Impl& store, Db& db);

  // Committed before this change.
  std::uint64_t generation() const { return root_.generation - 1; }
  Result<FactsPtr> find(const Scope& scope, const std::string& name);
  Result<std::optional<CredentialStore::Found>> read(const Scope& scope, const std::string& name);

  // Stores or replaces. `facts` without version and size, which are filled in.
  Result<FactsPtr> put(Facts facts, const SecretBytes& value);
  // Without opening the record, so that a damaged one can be removed. Nothing when it is not there.
  Result<> remove(const Scope& scope, const std::string& name);
  bool has(const Scope& scope, const std::string& name) const { return row(id_of(*ring_, scope, name)).has_value(); }
  // For ROOT. The clock's high water never falls.
  void stamp(std::uint64_t now_ms, std::uint64_t audit_seq, const Digest& audit_mac);
  const RootState& root() const { return root_; }

  // A new term of the key ring for what is written from here on.
  Result<> next_term(double now);
  // Erases the older terms. False: rows of an older one are left.
  Result<bool> erase_terms();
  // Seals up to `most` rows of older terms again, those after id `after`, which is moved on. Answers how many rows were
  // looked at; 0: no more.
  Result<std::uint64_t> reseal(std::optional<Digest>& after, std::uint64_t most);
  // A copy of the ring under another root key, for the day when that one is installed.
  Result<> add_ring(const SecretBytes& root);
  bool has_older_terms() const { return ring_->terms() > 1; }

 private:
  friend class CredentialStore;
  std::optional<IndexRow> row(const Digest& id) const;
  Result<> write(const Digest& id, IndexRow row, BytesView record);
  Result<> take_ring(std::unique_ptr<KeyRing> ring, Bytes record);
  // Everything that is left to do before COMMIT.
  Result<> finish();

  CredentialStore::Impl& store_;
  Db& db_;
  std::shared_ptr<const KeyRing> ring_;
  Bytes ring_record_, root_record_;
  RootState root_;                                    // as it will be
  std::map<Digest, std::optional<IndexRow>> staged_;  // null: removed
  bool erases_ = false;
};

}  // namespace rfs::secrets
