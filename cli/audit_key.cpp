// audit keygen, and who the key of a new log goes to.
#include <fmt/format.h>

#include "base/file.h"
#include "cli/audit.h"
#include "cli/message.h"

namespace rfs {
Result<std::optional<AuditPublicKey>> audit_owner_of(const Settings& settings) {
  if (settings.audit_owner.empty()) return std::nullopt;
  const auto key = parse_audit_public(settings.audit_owner);
  if (!key)
    return fail(Code::kUsage, "audit.owner is no public key", "`runnerfs audit keygen FILE` makes a pair and prints it");
  return key;
}

int run_audit_keygen(const Given& given) {
  const AuditOwner owner = make_audit_owner();
  const auto written = write_new_file(given.arguments[0], audit_owner_text(owner.secret).reveal());
  if (!written) return report(written.error());
  return print(fmt::format("audit.owner: {}\n", audit_public_text(owner.public_key)));
}

}  // namespace rfs
