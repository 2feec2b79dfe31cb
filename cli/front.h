// The life of a daemon: built, its fronts started, readiness told, signals and once-a-second work served, ended.
#pragma once

#include <string>
#include <vector>

#include "cli/background.h"
#include "cli/config.h"
#include "cli/secrets_env.h"

namespace rfs {

struct FrontOptions {
  std::string mountpoint;  // "": no mount
  bool make_mountpoint = false;
  std::vector<std::string> passed;  // options for the kernel
  std::string socket;
  bool announce = true;  // print the mountpoint
  pid_t until = 0;       // a process whose end is that of the daemon, too; 0: none
};

// Answers the exit code. Blocks until SIGTERM, SIGINT, the ctl command `unmount`, or until somebody unmounts.
int run_front(const Configuration& configuration, EnvironmentToken token, const Environment& environment,
              const FrontOptions& options, Ready& ready);

}  // namespace rfs
