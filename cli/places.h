// Where things are: the default mountpoint, the daemons' sockets, the state directory. The rules are in runnerfs(1),
// "Files".
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/config_env.h"

namespace rfs {

// The directory for sockets and the default mountpoint: XDG_RUNTIME_DIR when it is a directory of ours, /run for root,
// else "" (then /tmp/runnerfs-UID is the mountpoint and /tmp/runnerfs-UID.run the directory of sockets).
std::string runtime_directory(const Environment& environment);

// $XDG_RUNTIME_DIR/runnerfs, /run/runnerfs, or /tmp/runnerfs-UID.
std::string default_mountpoint(const Environment& environment);

// The socket of the daemon that is mounted there; "": of the one at the default mountpoint, and of `serve`.
std::string socket_of_mountpoint(const Environment& environment, const std::string& mountpoint);

// Every runnerfs socket file in the directory of sockets, the default one first, then the newest first.
std::vector<std::string> socket_files(const Environment& environment);

// Makes the directory of a socket (0700) where it is ours to make. kDenied: it belongs to somebody else, or others may
// write to it.
Result<> prepare_socket_directory(const std::string& socket);

// Makes a directory (0700, its parents too) that nobody else may write to. kDenied: it is there and is not so.
Result<> prepare_private_directory(const std::string& directory);

// $XDG_STATE_HOME/runnerfs, else ~/.local/state/runnerfs.
std::string state_directory(const Environment& environment);

// Absolute and without ".", ".." and double slashes, as text: nothing is asked of a filesystem that may hang.
std::string absolute_path(const std::string& path);

// The same with links followed, as the kernel names a mountpoint; what is mounted there, which may not answer, is not
// touched.
std::string mountpoint_path(const std::string& path);

struct MountPlace {
  std::string mountpoint;
  std::string source;
};
// All runnerfs mounts of this mount namespace, in the order of /proc/self/mountinfo.
std::vector<MountPlace> runnerfs_mounts();
// The runnerfs mount that an absolute path lies in, also by way of links, and the rest of the path below it.
std::optional<std::pair<MountPlace, std::string>> mount_of_path(const std::string& absolute);

// A user by name or number; kUsage when there is none.
struct User {
  uid_t uid;
  gid_t gid;
};
Result<User> find_user(const std::string& name);

}  // namespace rfs
