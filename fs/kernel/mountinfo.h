// /proc/self/mountinfo: what is mounted where (proc_pid_mountinfo(5)). Reading it asks no filesystem, so it never hangs.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

struct Mount {
  std::string point;    // unescaped
  std::string type;     // "fuse.runnerfs"
  std::string source;
  std::string device;   // "0:42": tells two mounts on one place apart
  std::string options;  // of the superblock: "rw,user_id=0,group_id=0,…"

  bool runnerfs() const { return type == "fuse.runnerfs"; }
  // Who mounted it (user_id=); nullopt when it is no FUSE mount.
  std::optional<uid_t> owner() const;
};

// In the order of mounting: of two on one place the last one is seen. Lines that don't parse are left out.
std::vector<Mount> parse_mountinfo(std::string_view text);
Result<std::vector<Mount>> mounts();
// What is seen at this absolute path, if it is a mountpoint.
Result<std::optional<Mount>> mount_at(const std::string& path);

// The absolute path as mountinfo shows it: links resolved, also when the last component is a dead or hung mount.
// kNotFound: a directory above it is missing.
Result<std::string> resolve_mountpoint(const std::string& path);

}  // namespace rfs
