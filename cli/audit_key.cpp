// audit keygen, and who the key of a new log goes to.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/file.h"
#include "cli/audit.h"
#include "cli/message.h"

namespace rfs {
namespace {

// Never over a file: it may hold the key of a log that is still there.
Result<> write_new(const std::string& path, const SecretBytes& text) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd && errno == EEXIST) return fail(Code::kExists, path + " is there already", "name another file");
  if (!fd) return fail_errno(errno, "cannot make " + path);
  auto written = write_all(fd.get(), text.reveal());
  if (written && ::fsync(fd.get()) != 0) written = fail_errno(errno, "cannot sync " + path);
  if (!written) ::unlink(path.c_str());
  return written;
}

}  // namespace

Result<std::optional<AuditPublicKey>> audit_owner_of(const Settings& settings) {
  if (settings.audit_owner.empty()) return std::nullopt;
  const auto key = parse_audit_public(settings.audit_owner);
  if (!key)
    return fail(Code::kUsage, "audit.owner is no public key", "`runnerfs audit keygen FILE` makes a pair and prints it");
  return key;
}

int run_audit_keygen(const Given& given) {
  const AuditOwner owner = make_audit_owner();
  const auto written = write_new(given.arguments[0], audit_owner_text(owner.secret));
  if (!written) return report(written.error());
  return print(fmt::format("audit.owner: {}\n", audit_public_text(owner.public_key)));
}

}  // namespace rfs
