// What one job read is there for the next: `runnerfs snapshot` beside the job's daemon. Nothing here fails a step; what was
// not possible is a line of the log.
#pragma once

#include <cstdint>

#include "cli/action_daemon.h"

namespace rfs {

// Before the job's own reads, by whoever made the job's daemon, and saved by its post, which is the last one. Saved is only
// where a cache service answered here: a dead one must not cost a job its time.
void restore_snapshot_of_job(ActionStep& step, const JobDaemon& daemon);
void save_snapshot_of_job(ActionStep& step, const JobDaemon& daemon);

// Runs a command of this program beside the job's daemon, with the job's variables and those secrets that it takes from
// its environment, which it wipes first. Its stderr goes to the log. Answers its stdout; "" when it failed.
std::string run_beside_daemon(ActionStep& step, const std::string& socket, std::vector<std::string> words, Millis deadline,
                              int* exit_code = nullptr);

}  // namespace rfs
