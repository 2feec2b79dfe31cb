// The commands of `runnerfs audit`. They read the files of the log themselves, beside any daemon, and write nothing.
#pragma once

#include <string>

#include "cli/command.h"

namespace rfs {

extern const Command kAuditCommands[4];

int run_audit_verify(const Given& given);
int run_audit_tail(const Given& given);
int run_audit_export(const Given& given);
int run_audit_head(const Given& given);

// --directory, else RUNNERFS_CREDENTIALS_DIRECTORY, CREDENTIALS_DIR, ~/.credentials.
std::string audit_directory(const Given& given);

}  // namespace rfs
