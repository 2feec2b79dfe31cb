// CredentialStore: credentials.db: sealed credentials that cannot be moved, edited, swapped or put back without being
// noticed. It knows no rules: who may read what, expiry and the audit log are Vault's. Any thread; several processes
// share one store, and what another one committed is seen by the next call.
//
// kTampered: the database is not as it was left by a program that has the key. kNoKey: it is another key's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/secrets/root_record.h"
#include "backends/secrets/secret_record.h"

namespace rfs::secrets {

class Change;

class CredentialStore {
 public:
  struct Options {
    std::string directory;     // made if missing; credentials.db and lock are in it
    bool memory_only = false;  // gone with the object
    // The generation that the audit log has seen. A store below it, or none, is older than its log: kTampered.
    std::uint64_t at_least = 0;
  };
  // Checks every row against ROOT. now: wall seconds. made: a new store was made.
  static Result<std::unique_ptr<CredentialStore>> open(const Options& options, const SecretBytes& root, double now,
                                                       bool& made);
  ~CredentialStore();

  struct Found {
    FactsPtr facts;
    SecretBytes value;
  };
  struct Listing {
    std::vector<FactsPtr> rows;   // in no order
    std::optional<Error> damage;  // why a row is left out
  };
  // In the first of these scopes that has the name; null when none has.
  Result<FactsPtr> first(std::span<const Scope> scopes, const std::string& name);
  Result<FactsPtr> find(const Scope& scope, const std::string& name) { return first({&scope, 1}, name); }
  // The same with its value. REQUIRES: scopes is not empty.
  Result<std::optional<Found>> read(std::span<const Scope> scopes, const std::string& name);
  Result<std::optional<Found>> read(const Scope& scope, const std::string& name) { return read({&scope, 1}, name); }
  Result<Listing> list(const Scope& scope);
  Result<Listing> list_all();
  // Those that hold something.
  Result<std::vector<Scope>> scopes();
  // ROOT as this object last saw it.
  RootState root() const;

  // One transaction. `body` stages what is to change and may refuse; it runs while nobody else can commit, in this
  // process or another, so what it saw is still so when it is committed. Durable when this returns; all of it or none.
  Result<> change(const std::function<Result<>(Change&)>& body);

  // Old records leave the write-ahead log too, after changes that replaced or removed any. change() does it; where a
  // reader was in the way, this tries again.
  Result<> erase_old_pages();

  // See Vault. stamp: what each commit on the way leaves in ROOT.
  Result<> rekey(double now, const std::function<void(Change&)>& stamp,
                 const std::function<void(std::uint64_t, std::uint64_t)>& progress);

  struct Impl;

 private:
  explicit CredentialStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs::secrets
