// What a Vault consists of. It holds no lock of its own while it calls the store or the log, but for those that the
// store holds around the body of a change.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "backends/secrets/credential_store.h"
#include "backends/secrets/vault.h"
#include "backends/store/faults.h"
#include "base/sync.h"

namespace rfs {

struct Vault::Impl {
  Impl(VaultOptions o, Context c, std::unique_ptr<AuditSink> a, const Clock& clk, Counters& counters,
       ErrorRing& errors);
  ~Impl();

  const VaultOptions options;
  const Context context;
  const std::vector<Scope> readable;
  const std::unique_ptr<AuditSink> audit;
  const Clock& clock;
  store::Faults faults;
  std::unique_ptr<secrets::CredentialStore> store;
  std::atomic<std::uint64_t> stored{0}, accessed{0}, expired{0}, rotated{0}, denied{0};

  // The latest time that was seen, and where the steady clock stood: a wall clock that steps back does not bring
  // anything back to life.
  struct Seen {
    std::uint64_t wall_ms = 0;
    SteadyTime steady{};
    bool told = false;
  };
  Sync<Seen> seen;
  // Milliseconds since 1970, for expiry. One audit line when the clock was stepped back.
  std::uint64_t now();
  bool is_expired(const secrets::Facts& facts) { return facts.not_after != 0 && now() >= facts.not_after; }
  bool is_readable(const Scope& scope) const;
  CredentialInfo info(const secrets::Facts& facts);

  AuditEvent event(AuditAction action, const std::string& name, const Scope* scope, std::string reason,
                   const Accessor& who) const;
  Result<> line(AuditAction action, const std::string& name, const Scope* scope, std::string reason,
                const Accessor& who) {
    if (action == AuditAction::kDenied) ++denied;
    return audit->append(event(action, name, scope, std::move(reason), who));
  }
  // The line, then the refusal; the log's own failure instead when there is no line.
  template <class Refusal>
  tl::unexpected<Error> refused(AuditAction action, const std::string& name, const Scope* scope, std::string reason,
                                const Accessor& who, Refusal refusal) {
    if (auto written = line(action, name, scope, std::move(reason), who); !written)
      return fail(std::move(written.error()));
    return refusal;
  }
  // For a credential that the store cannot give: access_error, and the errors that the user sees.
  tl::unexpected<Error> broken(const std::string& name, const Scope& scope, Error error, const Accessor& who);
  // access_granted, and the value; or what there is to refuse.
  Result<CredentialPtr> give(secrets::CredentialStore::Found found, const Accessor& who);
  // Where this context finds the name, as far as can be known without its record; global when it cannot.
  Scope scope_of(const std::string& name);
  // Some scope that this context cannot read has the name.
  Result<bool> is_elsewhere(const std::string& name);

  // One change: `body` decides, writes its line with `line`, and stages; then COMMIT; then the line `committed`.
  Result<> change(const std::string& name, const Scope* scope, const Accessor& who,
                  const std::function<Result<>(secrets::Change&)>& body);
  void stamp(secrets::Change& change);
  // Stages a value; `rotates`: another one had its place.
  Result<secrets::FactsPtr> stage(secrets::Change& change, const Scope& scope, const std::string& name,
                                  const SecretBytes& value, const Put& how, std::uint64_t now, bool& rotates);

  // Once a minute, when lines came, and once an hour: ROOT gets the time and the head of the log.
  void tend();
  void tend_if_due();
  std::mutex tending;
  std::condition_variable wake;
  bool ending = false;
  std::thread tender;
};

Result<> check_scope(const Scope& scope);

}  // namespace rfs
