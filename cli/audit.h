// The commands of `runnerfs audit`. They read the files of the log themselves, beside any daemon, and write nothing
// to it.
#pragma once

#include <optional>
#include <string>

#include "backends/secrets/audit_key.h"
#include "backends/secrets/audit_verify.h"
#include "cli/command.h"
#include "cli/settings.h"

namespace rfs {

extern const Command kAuditCommands[5];

int run_audit_verify(const Given& given);
int run_audit_tail(const Given& given);
int run_audit_export(const Given& given);
int run_audit_head(const Given& given);
int run_audit_keygen(const Given& given);

// --directory, else where the configuration keeps credentials. kUsage: the configuration is wrong.
Result<std::string> audit_directory(const Given& given);
// Of audit.owner; kUsage when that is no key.
Result<std::optional<AuditPublicKey>> audit_owner_of(const Settings& settings);
// The line that ROOT of the credentials store vouches for; nullopt where there is no store. Fails without its key.
Result<std::optional<AuditAnchor>> root_anchor();

}  // namespace rfs
