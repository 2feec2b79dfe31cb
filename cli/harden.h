// What a process that holds tokens and keys does first: no core dumps, no ptrace, nothing readable by others.
#pragma once

namespace rfs {

// umask 077, RLIMIT_CORE 0, RLIMIT_MEMLOCK as high as allowed, not dumpable, SIGPIPE and SIGXFSZ ignored. Children that
// are executed are dumpable again.
void harden();

}  // namespace rfs
