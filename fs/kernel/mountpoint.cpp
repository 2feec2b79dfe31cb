#include "fs/kernel/mountpoint.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/handle.h"
#include "fs/kernel/mountinfo.h"
#include "fs/kernel/patience.h"

namespace rfs {
namespace {

using Kind = MountState::Kind;
using Dir = Handle<DIR, closedir>;

// statfs always asks the filesystem; stat and opendir of a dead one may be answered from the kernel's cache.
bool dead(const std::string& point) {
  auto error = with_patience([point] {
    struct statfs numbers;
    return ::statfs(point.c_str(), &numbers) == 0 ? 0 : errno;
  });
  return error && (*error == ENOTCONN || *error == ECONNABORTED);
}

Kind plain_directory(const std::string& path) {
  struct stat attributes;
  if (::stat(path.c_str(), &attributes) != 0) return Kind::kMissing;
  if (!S_ISDIR(attributes.st_mode)) return Kind::kNotDirectory;
  Dir open(::opendir(path.c_str()));
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") return Kind::kNotEmpty;
  }
  return Kind::kEmpty;
}

// A directory that we made, or that was made for us: nobody else may have put it there.
Result<> check_owner(const std::string& path) {
  struct stat attributes;
  if (::lstat(path.c_str(), &attributes) != 0) return fail_errno(errno, "cannot look at " + path);
  if (!S_ISDIR(attributes.st_mode)) return fail(Code::kNotDirectory, path + " is not a directory");
  if (attributes.st_uid == ::geteuid()) return {};
  return fail(Code::kDenied, path + " belongs to another user", "name a directory of your own as the mountpoint");
}

// A dead mount of ours is detached; several may lie on each other.
Result<> clean(const std::string& path, std::string& notice) {
  TRY_ASSIGN(std::string point, resolve_mountpoint(path));
  TRY_ASSIGN(auto mount, mount_at(point));
  uid_t self = ::geteuid();
  if (mount && self != 0 && mount->owner() != self)
    return fail(Code::kDenied, path + " is a dead mount of another user", "have its owner or root run: fusermount3 -u -z " + path);
  TRY(unmount(path, true));
  notice = "cleaned a dead mount at " + path;
  return {};
}

}  // namespace

MountState mount_state(const std::string& path) {
  auto point = resolve_mountpoint(path);
  if (!point) return {Kind::kMissing, {}};
  auto mount = mount_at(*point);
  if (!mount || !*mount) return {plain_directory(*point), {}};
  if (!(*mount)->runnerfs()) return {Kind::kOtherMount, (*mount)->type};
  return {dead(*point) ? Kind::kDeadRunnerfs : Kind::kRunnerfs, (*mount)->type};
}

Result<> prepare_mountpoint(const std::string& path, bool make, bool allow_nonempty, std::string& notice) {
  constexpr int kMostLayers = 16;
  MountState state = mount_state(path);
  for (int layer = 0; layer < kMostLayers && state.kind == Kind::kDeadRunnerfs; ++layer) {
    TRY(clean(path, notice));
    state = mount_state(path);
  }
  switch (state.kind) {
    case Kind::kMissing:
      if (auto there = is_there(path); !there) return fail(std::move(there.error()));
      if (!make) return fail(Code::kNotFound, "the mountpoint " + path + " does not exist", "make it: mkdir -p " + path);
      TRY(make_directories(path, 0700));
      return check_owner(path);
    case Kind::kNotDirectory:
      return fail(Code::kNotDirectory, "the mountpoint " + path + " is not a directory", "name an empty directory");
    case Kind::kNotEmpty:
      if (!allow_nonempty)
        return fail(Code::kExists, "the mountpoint " + path + " is not empty",
                    "name an empty directory, or hide what is in it with -o nonempty");
      break;
    case Kind::kDeadRunnerfs:
    case Kind::kRunnerfs:
      return fail(Code::kBusy, "a runnerfs is mounted at " + path + " already",
                  "use it, or unmount it first: runnerfs umount " + path);
    case Kind::kOtherMount:
      return fail(Code::kBusy, "another filesystem (" + state.type + ") is mounted at " + path, "name another directory");
    case Kind::kEmpty:
      break;
  }
  return make ? check_owner(path) : Result<>();
}

}  // namespace rfs
