// Vault: credentials under the rules. Context, scopes, expiry, audit and store in one place, so that no front can
// forget one of them. Any thread. Every answer has its audit line first; if that cannot be written, there is no answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/secrets/audit.h"
#include "backends/secrets/scope.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/secret.h"
#include "crypto/key_source.h"

namespace rfs {

enum class Isolation { kJob, kUser };  // `service` comes later: owner, reader and context stay apart for it

struct VaultOptions {
  std::string directory;        // ~/.credentials (CREDENTIALS_DIR): credentials.db, audit.log, audit.state, lock
  Isolation isolation = Isolation::kUser;
  bool audit_always = false;
  bool require_mlock = false;
};

struct CredentialInfo {
  std::string name;
  Scope scope;
  std::uint64_t version = 0;
  double created = 0;
  double not_after = 0;         // 0: never
  std::uint64_t size = 0;
  bool allow_untrusted = false;
  bool readable = false;        // by this context, now
};

// One value as it was when it was opened; whoever holds it keeps it through rotation, but not through expiry.
struct Credential {
  CredentialInfo info;
  SecretBytes value;
};
using CredentialPtr = std::shared_ptr<const Credential>;

class Vault {
 public:
  static constexpr std::uint64_t kMaxValue = 1u << 20;

  // kNoKey, kTampered ("store is older than its audit log", an edited row), kUnsupported (newer schema), …: the caller
  // goes on without secrets/ and says so. `notice`: what a user should read once.
  static Result<std::unique_ptr<Vault>> open(VaultOptions options, Context context, const RootKey& root, const Clock& clock,
                                             Counters& counters, ErrorRing& errors, std::string& notice);
  ~Vault();
  const Context& context() const;
  Isolation isolation() const;

  // The effective credential NAME: the narrowest readable scope. kNotFound: none that this context may see; kDenied:
  // untrusted event; kExpired is answered as kNotFound by name. An expired narrow one uncovers nothing wider.
  Result<CredentialPtr> open_effective(const std::string& name, const Accessor& who);
  // By scope; kDenied (scope_mismatch) for a scope that the context does not match.
  Result<CredentialPtr> open_scoped(const Scope& scope, const std::string& name, const Accessor& who);
  // At every read of an open value: kExpired (EKEYEXPIRED) once its time is over, with one audit line a handle.
  Result<> still_valid(const Credential& credential, const Accessor& who);

  // What LOOKUP, stat and listings show; no value, no audit line.
  Result<std::vector<CredentialInfo>> list_effective();
  Result<std::vector<CredentialInfo>> list_scope(const Scope& scope);
  Result<std::vector<Scope>> scopes();   // that hold something
  Result<CredentialInfo> find_effective(const std::string& name);          // kNotFound
  Result<CredentialInfo> find_scoped(const Scope& scope, const std::string& name);

  // Where a write of secrets/NAME goes: the scope of the one that the context sees, or that hides it by being expired;
  // else the context's repository, else global.
  Result<Scope> scope_to_write(const std::string& name);
  // For a front that turned somebody away before any credential was looked at: the audit line (access_denied).
  Result<> refuse(const std::string& name, const std::string& reason, const Accessor& who);

  struct Put {
    double ttl = -1;             // seconds; < 0: none given (a rotation keeps the length of the old one)
    bool allow_untrusted = false;
    bool must_exist = false;     // rotate
  };
  // Stores or rotates, atomically; committed and audited when it returns. kTooLarge over kMaxValue.
  Result<CredentialInfo> put(const Scope& scope, const std::string& name, const SecretBytes& value, const Put& how,
                             const Accessor& who);
  Result<> set_ttl(const Scope& scope, const std::string& name, double seconds, const Accessor& who);
  Result<> remove(const Scope& scope, const std::string& name, const Accessor& who);
  // Removes what is expired, for good. Answers how many.
  Result<std::uint64_t> cleanup(const Accessor& who);
  // New key-ring term; all rows re-sealed; resumable. progress(done, all) may be null.
  Result<> rekey(const std::function<void(std::uint64_t, std::uint64_t)>& progress, const Accessor& who);
  // New root key for the ring.
  Result<> rekey_root(const RootKey& next, const Accessor& who);

  struct State {
    std::uint64_t stored = 0, accessed = 0, expired = 0, rotated = 0, active = 0, expired_now = 0;
    bool locked_memory = false;
    std::string trouble;  // "" or what is wrong with store or audit
  };
  State state();

 private:
  Vault();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
