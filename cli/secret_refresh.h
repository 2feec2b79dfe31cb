// A credential that is stored again and again: `secret put --from-command … --refresh`.
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/result.h"
#include "cli/command.h"

namespace rfs {

// The process of the daemon that the command works through; 0: none.
pid_t daemon_pid(const Given& given);

// Calls `store` every `seconds`, and a minute after a failure, which leaves the old value until its own end. With a
// daemon: in the background once the first one is stored, until that process ends. Without: until somebody ends it.
// Answers the exit code; REQUIRES: one thread, and no secret in its memory.
int refresh_secret(const std::function<Result<>()>& store, double seconds, pid_t daemon);

}  // namespace rfs
