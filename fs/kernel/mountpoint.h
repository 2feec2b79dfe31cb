// Mountpoints: what a directory is before we mount on it, and cleaning up after a daemon that died.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rfs {

struct MountState {
  enum class Kind { kMissing, kNotDirectory, kEmpty, kNotEmpty, kRunnerfs, kDeadRunnerfs, kOtherMount };
  Kind kind = Kind::kMissing;
  std::string type;  // of the mount that is there: "fuse.runnerfs"
};
// By /proc/self/mountinfo and statfs (stat may be answered from the kernel's cache). Never hangs on a dead daemon.
MountState mount_state(const std::string& path);

// Ready for mounting: makes the directory when `make` (0700, checks its owner), lazily unmounts a dead runnerfs of our
// own, refuses everything else with a hint. `notice` says what was cleaned.
Result<> prepare_mountpoint(const std::string& path, bool make, bool allow_nonempty, std::string& notice);

// Unmounts: umount2 as root, fusermount3 else. kBusy: the hint lists the processes that hold it. kNotFound: nothing is
// mounted there.
Result<> unmount(const std::string& path, bool lazy);

// "name (pid 1234)" of processes that have their working directory, root or an open file below `path`.
std::vector<std::string> holders(const std::string& path);

}  // namespace rfs
