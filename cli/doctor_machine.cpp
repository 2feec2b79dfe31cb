#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstring>

#include "base/fd.h"
#include "cli/doctor.h"
#include "cli/keys.h"
#include "cli/places.h"
#include "cli/value.h"
#include "fs/kernel/mountpoint.h"

namespace rfs {
namespace {

using Grade = Finding::Grade;
constexpr const char* kWithoutFuse = "`runnerfs serve` and `runnerfs cat api/…` work without it";

bool in_path(const char* program) {
  const char* path = std::getenv("PATH");
  for (const std::string& directory : split_list(path != nullptr ? path : "/usr/bin:/bin", ':'))
    if (::access((directory + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

void check_directory(Findings& out, const char* what, const std::string& path, const char* option) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    out.push_back({Grade::kOk, what, fmt::format("{} is not there yet", path), ""});
    return;
  }
  const auto say = [&](Grade grade, const std::string& text, const std::string& hint) {
    out.push_back({grade, what, fmt::format("{} {}", path, text), hint});
  };
  if (!S_ISDIR(info.st_mode)) return say(Grade::kFail, "is not a directory", "move it away");
  if (info.st_uid != ::geteuid())
    return say(Grade::kFail, "belongs to another user", fmt::format("name a directory of your own with {}", option));
  if ((info.st_mode & 0077) != 0) return say(Grade::kWarn, "is open to others", fmt::format("chmod 700 {}", path));
  if (::access(path.c_str(), W_OK) != 0)
    return say(Grade::kWarn, fmt::format("cannot be written: {}", std::strerror(errno)),
               "what it holds is read, and nothing is kept");
  struct statvfs space {};
  if (::statvfs(path.c_str(), &space) == 0 && space.f_bavail * space.f_frsize < (64u << 20))
    return say(Grade::kWarn, fmt::format("has only {} MiB left", (space.f_bavail * space.f_frsize) >> 20),
               "make room, or lower --cache-max-bytes");
  say(Grade::kOk, "is ours alone", "");
}

}  // namespace

void check_fuse(Findings& out) {
  const Fd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (device) {
    out.push_back({Grade::kOk, "/dev/fuse", "can be opened", ""});
  } else {
    out.push_back({Grade::kFail, "/dev/fuse", std::strerror(errno),
                   fmt::format("give the container --device /dev/fuse; {}", kWithoutFuse)});
  }
  if (in_path("fusermount3")) {
    out.push_back({Grade::kOk, "fusermount3", "is in PATH", ""});
  } else if (::geteuid() == 0) {
    out.push_back({Grade::kWarn, "fusermount3", "is missing; root mounts without it", "install fuse3"});
  } else {
    out.push_back({Grade::kFail, "fusermount3", "is missing", fmt::format("install fuse3; {}", kWithoutFuse)});
  }
}

void check_mounts(Findings& out, const Environment& environment) {
  const auto mounts = runnerfs_mounts();
  for (const MountPlace& place : mounts) {
    if (mount_state(place.mountpoint).kind == MountState::Kind::kDeadRunnerfs) {
      out.push_back({Grade::kFail, "mount", fmt::format("{} is dead: its daemon is gone", place.mountpoint),
                     fmt::format("runnerfs umount {}, or mount there again", place.mountpoint)});
    } else {
      out.push_back({Grade::kOk, "mount", fmt::format("{} answers", place.mountpoint), ""});
    }
  }
  if (mounts.empty())
    out.push_back({Grade::kOk, "mount",
                   fmt::format("nothing is mounted; the default place is {}", default_mountpoint(environment)), ""});
}

void check_directories(Findings& out, const Settings& settings, const Environment& environment) {
  check_directory(out, "store", settings.cache_directory, "--cache-directory");
  check_directory(out, "scan results", settings.codeql_directory, "--codeql-directory");
  check_directory(out, "credentials", settings.credentials_directory, "--credentials-directory");
  check_directory(out, "state", state_directory(environment), "XDG_STATE_HOME");
}

void check_key(Findings& out, const Settings& settings, const Environment& environment) {
  KeySource source(key_source_options(settings, environment));
  const auto recorded = source.recorded();
  if (!recorded) {
    out.push_back({Grade::kFail, "key", recorded.error().message, recorded.error().hint});
    return;
  }
  if (!*recorded) {
    out.push_back({Grade::kOk, "key",
                   fmt::format("not decided yet; a mount would take '{}'", key_source_word(source.decide())), ""});
    return;
  }
  const KeySourceKind kind = **recorded;
  if (kind == KeySourceKind::kMemory) {
    out.push_back({Grade::kOk, "key", "in memory: nothing is kept on disk", ""});
    return;
  }
  const auto key = source.load(kind);
  if (!key) {
    out.push_back({Grade::kFail, "key", key.error().message, key.error().hint});
  } else if (!key->weakness.empty()) {
    out.push_back({Grade::kWarn, "key", fmt::format("kept by '{}': {}", key_source_word(kind), key->weakness),
                   "`runnerfs init --key-source keyring` for new stores"});
  } else {
    out.push_back({Grade::kOk, "key", fmt::format("kept by '{}'", key_source_word(kind)), ""});
  }
}

}  // namespace rfs
