// The value of a credential from a command's stdout.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "cli/saved_environment.h"

namespace rfs {

// `command` by /bin/sh, with this environment, at most five minutes. kBroken: it failed. kTooLarge: over 1 MiB.
Result<SecretBytes> value_from_command(const std::string& command, const SavedEnvironment& environment);

}  // namespace rfs
