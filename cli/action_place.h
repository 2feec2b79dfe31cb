// Where the daemon of a job is: one place for all steps of the job and for no other job of this machine. Pure but for
// questions to the filesystem.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "cli/config_env.h"

namespace rfs {

// The directory that is RUNNERFS_MOUNT, outside the workspace and RUNNER_TEMP, which runners empty through mounts. Made of
// what tells jobs apart, so that each step of a job finds the same one. kUnsupported: nowhere can one be made.
Result<std::string> place_of_job(const Environment& environment);

// The same on a filesystem in memory, for files in clear. kUnsupported: there is none that we may write to.
Result<std::string> memory_place_of_job(const Environment& environment);

// The process of GitHub's runner that runs this job and nothing else (Runner.Worker), among our ancestors; 0 when there is
// none. Where a job dies without its post steps, the daemon follows it: the runner's own sweep reads the environment of
// processes, which it cannot of one that is not dumpable.
pid_t worker_of_job();

// PATH with /usr/bin first where a fusermount3 that may not mount (no setuid) stands before one that may.
std::string path_with_fusermount(const std::string& path);

}  // namespace rfs
