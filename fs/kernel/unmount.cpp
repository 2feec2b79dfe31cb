#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "base/process.h"
#include "fs/kernel/mountinfo.h"
#include "fs/kernel/mountpoint.h"

namespace rfs {
namespace {

Error busy(const std::string& path) {
  std::string names;
  for (const auto& holder : holders(path)) names += (names.empty() ? "" : ", ") + holder;
  std::string hint = names.empty() ? "find who uses it: fuser -vm " + path : "it is used by " + names;
  return {Code::kBusy, path + " is in use", hint + "; or detach it with: runnerfs umount -l " + path};
}

// The setuid helper, for who may not call umount2(2).
Result<> by_helper(const std::string& point, const std::string& path, bool lazy) {
  std::vector<std::string> argv{"fusermount3", "-u"};
  if (lazy) argv.emplace_back("-z");
  argv.emplace_back("--");
  argv.push_back(point);
  auto ran = run_process(argv, {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"},
                         Millis(5000));
  if (!ran && ran.error().code == Code::kNotFound)
    return fail(Code::kUnsupported, "fusermount3 is missing", "install the package fuse3, or unmount as root: umount " + path);
  if (!ran) return fail(std::move(ran.error()));
  if (ran->exit_code == 0) return {};
  if (ran->err.find("busy") != std::string::npos) return fail(busy(path));
  std::string said = ran->err.substr(0, ran->err.find('\n'));
  return fail(Code::kDenied, "cannot unmount " + path + ": " + said, "run it as the user who mounted it, or as root");
}

}  // namespace

Result<> unmount(const std::string& path, bool lazy) {
  TRY_ASSIGN(std::string point, resolve_mountpoint(path));
  TRY_ASSIGN(auto mount, mount_at(point));
  if (!mount)
    return fail(Code::kNotFound, "nothing is mounted at " + path, "runnerfs status shows what is mounted");
  if (::geteuid() != 0) return by_helper(point, path, lazy);
  if (::umount2(point.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0) return {};
  if (errno == EBUSY) return fail(busy(path));
  if (errno == EPERM) return by_helper(point, path, lazy);  // root of a container without CAP_SYS_ADMIN
  return fail_errno(errno, "cannot unmount " + path);
}

}  // namespace rfs
