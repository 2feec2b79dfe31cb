// Vault: credentials under the rules. Context, scopes, expiry, audit and store in one place, so that no front can
// forget one of them. Any thread. Every answer has its audit line first; if that cannot be written, there is no answer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/secrets/audit.h"
#include "backends/secrets/audit_key.h"
#include "backends/secrets/scope.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/secret.h"
#include "crypto/key_source.h"

namespace rfs {

enum class Isolation { kJob, kUser };  // `service` comes later: owner, reader and context stay apart for it

struct VaultOptions {
  std::string directory;  // ~/.credentials (CREDENTIALS_DIR): credentials.db, audit.log, audit.state, lock
  Isolation isolation = Isolation::kUser;
  bool audit_always = false;
  bool require_mlock = false;
  std::optional<AuditPublicKey> audit_owner;  // who gets the key of a log that is made (audit.seal); none: nobody
};

struct CredentialInfo {
  std::string name;
  Scope scope;
  std::uint64_t version = 0;
  double created = 0;    // when this value was stored
  double not_after = 0;  // 0: never
  double ttl = 0;        // the length in seconds that was asked for, and that a rotation restarts; 0: without an end
  std::uint64_t size = 0;
  bool allow_untrusted = false;
  bool readable = false;  // by this context, now
};

// One value as it was when it was opened; whoever holds it keeps it through rotation, but not through expiry.
struct Credential {
  CredentialInfo info;
  SecretBytes value;
  mutable std::atomic<bool> expiry_told{false};  // its audit line is written
};
using CredentialPtr = std::shared_ptr<const Credential>;

// Where the lines go: Audit, or a test's stand-in for it. Any thread; the functions are those of Audit.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  virtual Result<> append(const AuditEvent& event) = 0;
  virtual Result<> append_all(std::span<const AuditEvent> events) = 0;
  virtual std::uint64_t highest_generation() = 0;
  virtual std::string trouble() = 0;
  virtual Audit::Head head() = 0;
};

class Vault {
 public:
  static constexpr std::uint64_t kMaxValue = 1u << 20;
  static constexpr double kLongestTtl = 10 * 365.25 * 86'400;

  // kNoKey, kTampered ("store is older than its audit log", an edited row), kUnsupported (newer schema), …: the caller
  // goes on without secrets/ and says so. `notice`: what a user should read once.
  static Result<std::unique_ptr<Vault>> open(VaultOptions options, Context context, const RootKey& root,
                                             const Clock& clock, Counters& counters, ErrorRing& errors,
                                             std::string& notice);
  // The same with another log than the directory's.
  static Result<std::unique_ptr<Vault>> open_with(std::unique_ptr<AuditSink> audit, VaultOptions options,
                                                  Context context, const RootKey& root, const Clock& clock,
                                                  Counters& counters, ErrorRing& errors, std::string& notice);
  ~Vault();
  const Context& context() const;
  Isolation isolation() const;

  // The effective credential NAME: the narrowest readable scope. kNotFound: none that this context may see, or it is
  // expired; kDenied: untrusted event. An expired narrow one uncovers nothing wider. A name that no scope has is no
  // access and has no audit line; one that only scopes of another context have is access_denied, scope_mismatch.
  Result<CredentialPtr> open_effective(const std::string& name, const Accessor& who);
  // By scope; kDenied (scope_mismatch) for a scope that the context does not match, whether the name is there or not.
  Result<CredentialPtr> open_scoped(const Scope& scope, const std::string& name, const Accessor& who);
  // At every read of an open value: kExpired (EKEYEXPIRED) once its time is over, with one audit line a handle.
  Result<> still_valid(const Credential& credential, const Accessor& who);

  // What LOOKUP, stat and listings show; no value, no audit line. What is expired is not there. Sorted by name.
  Result<std::vector<CredentialInfo>> list_effective();
  Result<std::vector<CredentialInfo>> list_scope(const Scope& scope);
  Result<std::vector<Scope>> scopes();                             // that hold something
  Result<CredentialInfo> find_effective(const std::string& name);  // kNotFound
  Result<CredentialInfo> find_scoped(const Scope& scope, const std::string& name);

  // Where a write of secrets/NAME goes: the scope of the one that the context sees, or that hides it by being expired;
  // else the context's repository, else global.
  Result<Scope> scope_to_write(const std::string& name);
  // For a front that turned somebody away before any credential was looked at: the audit line (access_denied).
  Result<> refuse(const std::string& name, const std::string& reason, const Accessor& who);

  struct Put {
    double ttl = -1;                      // seconds; < 0: none given (a rotation restarts the length of the old one)
    std::optional<bool> allow_untrusted;  // none given: a rotation keeps it, a new one is not
    bool must_exist = false;              // rotate: kNotFound when it is not there
  };
  // Stores or rotates, atomically; committed and audited when it returns. kTooLarge over kMaxValue; kInvalid for a TTL
  // of 0 or over kLongestTtl.
  Result<CredentialInfo> put(const Scope& scope, const std::string& name, const SecretBytes& value, const Put& how,
                             const Accessor& who);
  struct New {
    Scope scope;
    std::string name;
    BytesView value;  // the caller's
    Put how;
  };
  // As put() of each in turn, in one transaction with one sync of the log: all or none. The message of a failure names
  // the credential that it is about.
  Result<> put_all(std::span<const New> all, const Accessor& who);
  // From now on; > 0 and at most kLongestTtl, else kInvalid.
  Result<> set_ttl(const Scope& scope, const std::string& name, double seconds, const Accessor& who);
  Result<> remove(const Scope& scope, const std::string& name, const Accessor& who);
  // Removes what is expired, for good. Answers how many.
  Result<std::uint64_t> cleanup(const Accessor& who);
  // New key-ring term; all rows re-sealed while others use the store; old terms are erased at the end, and the write-
  // ahead log is truncated. Resumable: one that was interrupted is gone on with. progress(done, all) may be null. kBusy
  // while a new root key waits to be installed.
  Result<> rekey(const std::function<void(std::uint64_t, std::uint64_t)>& progress, const Accessor& who);
  // Puts a copy of the ring under `next` beside the present one, so that either key opens the store: a crash on the way
  // locks nobody out. The caller then installs `next` at the key source; the first open() with it erases the copy under
  // the old key. Vaults that are open go on.
  Result<> rekey_root(const RootKey& next, const Accessor& who);

  struct State {
    std::uint64_t stored = 0, accessed = 0, expired = 0, rotated = 0, denied = 0, active = 0, expired_now = 0;
    bool locked_memory = false;
    std::string trouble;  // "" or what is wrong with store or audit
    Audit::Head audit;    // the log's last line
  };
  State state();

 private:
  Vault();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
