// The daemon that the actions of one job share. Whoever finds none makes it and is the one to end it in post.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/action.h"
#include "fs/walk.h"

namespace rfs {

struct JobDaemon {
  std::string place;     // what RUNNERFS_MOUNT is: the mountpoint, or a directory of files that stands in for it
  std::string socket;
  bool mounted = false;
  bool in_memory = true;  // of a directory of files: credentials may stand there in clear
  bool made = false;      // by this step
  std::unique_ptr<Access> access;
  std::optional<Error> not_mounted;  // why files stand in for the mount

  std::string status() const { return mounted ? "mounted" : "fallback"; }
};

// The job's daemon; made when there is none yet, with these settings. RUNNERFS_MOUNT is exported and `runnerfs` put into
// PATH. Failure: no daemon can be had at all, neither with a mount nor without.
Result<JobDaemon> daemon_of_job(ActionStep& step, const std::vector<FlagValue>& settings);

// In post: the daemon that this step's main found or made; nullopt when there is none or it does not answer.
std::optional<JobDaemon> daemon_of_post(const ActionStep& step);
// Ends what this step's main made: mount, daemon, files. Does nothing where it made none. Returns when all is gone.
void end_daemon_of_job(ActionStep& step);

}  // namespace rfs
