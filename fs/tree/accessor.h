// Who asks, as the audit log names it: what the kernel says of the caller, and what /proc says of its process.
#pragma once

#include "backends/secrets/audit.h"
#include "fs/tree/namespace.h"

namespace rfs {

// The kernel's pid may be a thread's; this has the process's. exe is "" when the process is gone or not ours to see.
// Any thread.
Accessor accessor_of(const Caller& caller);

}  // namespace rfs
