#include "cli/action_place.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "cli/places.h"
#include "cli/value.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

// RUNNER_TRACKING_ID is a job's own on GitHub's runner; the rest tells jobs apart where a runner has none.
std::string job_digest(const Environment& environment) {
  std::string text;
  for (const char* name : {"RUNNER_TRACKING_ID", "RUNNER_NAME", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT",
                           "GITHUB_JOB", "GITHUB_WORKSPACE"})
    text += variable(environment, name) + '\0';
  const Digest digest = sha256(view(text));
  return hex(BytesView(digest).first(6));
}

bool lies_below(const std::string& path, const std::string& directory) {
  return directory.starts_with("/") && (path == directory || path.starts_with(directory == "/" ? "/" : directory + "/"));
}

bool emptied_by_runner(const std::string& path, const Environment& environment) {
  for (const char* name : {"GITHUB_WORKSPACE", "RUNNER_TEMP", "RUNNER_WORKSPACE", "RUNNER_TOOL_CACHE"})
    if (const std::string directory = variable(environment, name);
        directory.starts_with("/") && lies_below(path, absolute_path(directory)))
      return true;
  return false;
}

bool on_memory_filesystem(const std::string& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0) return false;
  return info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC;
}

Result<std::string> make_place(const Environment& environment, bool memory) {
  const std::string digest = job_digest(environment), own = runtime_directory(environment);
  std::vector<std::string> candidates;
  if (!own.empty()) candidates.push_back(fmt::format("{}/runnerfs-{}", own, digest));
  for (const char* shared : {"/tmp", "/dev/shm", "/run/lock", "/var/tmp"})
    candidates.push_back(fmt::format("{}/runnerfs-{}-{}", shared, ::geteuid(), digest));
  for (const std::string& path : candidates) {
    const std::string parent = path.substr(0, path.rfind('/'));
    if (emptied_by_runner(path, environment) || ::access(parent.c_str(), W_OK | X_OK) != 0) continue;
    if (!memory || on_memory_filesystem(parent)) return path;
  }
  return fail(Code::kUnsupported, memory ? "there is no filesystem in memory to keep files on"
                                         : "there is no directory for the mount outside the workspace",
              memory ? "give the container a tmpfs: options: --tmpfs /run" : "set XDG_RUNTIME_DIR");
}

bool setuid_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & S_ISUID) != 0 && info.st_uid == 0;
}

}  // namespace

Result<std::string> place_of_job(const Environment& environment) { return make_place(environment, false); }
Result<std::string> memory_place_of_job(const Environment& environment) { return make_place(environment, true); }

pid_t worker_of_job() {
  pid_t pid = ::getppid();
  for (int i = 0; i < 4 && pid > 1; ++i) {
    const auto stat = read_file(fmt::format("/proc/{}/stat", pid), 4096);
    // "PID (NAME) STATE PPID …": the name may hold anything.
    const std::size_t open = stat ? stat->find('(') : std::string::npos, close = stat ? stat->rfind(')') : std::string::npos;
    if (open == std::string::npos || close == std::string::npos || close + 4 > stat->size()) return 0;
    if (stat->substr(open + 1, close - open - 1) == "Runner.Worker") return pid;
    const std::string rest = stat->substr(close + 4);
    pid = static_cast<pid_t>(parse_whole(rest.substr(0, rest.find(' '))).value_or(0));
  }
  return 0;
}

std::string path_with_fusermount(const std::string& path) {
  for (const std::string& directory : split_list(path, ':')) {
    const std::string program = directory + "/fusermount3";
    if (::access(program.c_str(), X_OK) != 0) continue;
    return setuid_file(program) || !setuid_file("/usr/bin/fusermount3") ? path : "/usr/bin:" + path;
  }
  return path;
}

}  // namespace rfs
