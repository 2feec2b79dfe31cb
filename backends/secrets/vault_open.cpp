// Vault over the audit log of its directory.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "backends/secrets/vault.h"
#include "base/file.h"

namespace rfs {

namespace {

class DirectoryAudit final : public AuditSink {
 public:
  explicit DirectoryAudit(std::unique_ptr<Audit> audit) : audit_(std::move(audit)) {}
  Result<> append(const AuditEvent& event) override { return audit_->append(event); }
  Result<> append_all(std::span<const AuditEvent> events) override { return audit_->append_all(events); }
  std::uint64_t highest_generation() override { return audit_->highest_generation(); }
  std::string trouble() override { return audit_->trouble(); }
  Audit::Head head() override { return audit_->head(); }

 private:
  const std::unique_ptr<Audit> audit_;
};

// Ours alone: whoever can write to it can put an old copy of everything there.
Result<> check_directory(const std::string& directory, std::string& notice) {
  TRY(make_directories(directory, 0700));
  struct stat is {};
  if (::stat(directory.c_str(), &is) != 0) return fail_errno(errno, "cannot look at the credentials directory");
  if (is.st_uid != ::geteuid())
    return fail(Code::kDenied, "the credentials directory belongs to another user",
                "name a directory of your own with CREDENTIALS_DIR");
  if ((is.st_mode & 0022) != 0)
    return fail(Code::kDenied, "other users can write to the credentials directory", "chmod 700 it");
  if ((is.st_mode & 0077) != 0) notice = "other users can list the credentials directory: chmod 700 " + directory;
  return {};
}

}  // namespace

Result<std::unique_ptr<Vault>> Vault::open(VaultOptions options, Context context, const RootKey& root,
                                           const Clock& clock, Counters& counters, ErrorRing& errors,
                                           std::string& notice) {
  AuditOptions log;
  log.directory = options.directory;
  log.sync_always = options.audit_always;
  // In job isolation too: who read what outlives the job, the values do not.
  TRY(check_directory(options.directory, notice));
  TRY_ASSIGN(auto audit, Audit::open(std::move(log), clock));
  const SecretBytes key = audit->take_owner_key();
  if (!key.empty() && options.audit_owner) TRY(seal_audit_key(options.directory, *options.audit_owner, key));
  return open_with(std::make_unique<DirectoryAudit>(std::move(audit)), std::move(options), std::move(context), root,
                   clock, counters, errors, notice);
}

}  // namespace rfs
