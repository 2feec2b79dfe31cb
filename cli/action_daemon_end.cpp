// The end of a job's daemon. The runner ends what is left of a job by SIGKILL milliseconds after the last post step, so
// this returns only when the process is gone.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "cli/access.h"
#include "cli/action_daemon.h"
#include "cli/background.h"
#include "cli/end_daemon.h"
#include "cli/json_view.h"
#include "cli/places.h"
#include "cli/value.h"
#include "fs/kernel/mountpoint.h"

namespace rfs {
namespace {

using EndClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kLastPatience{2};

bool is_mounted(const std::string& place) {
  for (const MountPlace& one : runnerfs_mounts())
    if (one.mountpoint == place) return true;
  return false;
}

// Of a daemon that answers; 0 else.
pid_t pid_of(const std::optional<JobDaemon>& daemon) {
  if (!daemon) return 0;
  const auto identity = read_tree(*daemon->access, ".runnerfs/daemon.json");
  return identity ? static_cast<pid_t>(json_number(*identity, "pid")) : 0;
}

// By their command line, which says where they serve, whether they answer or not: one that starts is two processes.
std::vector<pid_t> daemons_at(const std::string& place) {
  const std::string wanted = std::string("runnerfs\0action\0daemon\0", 23) + place + '\0';
  std::vector<pid_t> out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto pid = parse_whole(entry.path().filename().string());
    struct stat info {};
    if (!pid || ::stat(entry.path().c_str(), &info) != 0 || info.st_uid != ::geteuid()) continue;
    const auto line = read_file(entry.path().string() + "/cmdline", 64u << 10);
    if (line && *line == wanted) out.push_back(static_cast<pid_t>(*pid));
  }
  return out;
}

// One that main had only begun to start when it was killed.
std::optional<JobDaemon> daemon_that_starts(const ActionStep& step, const std::string& place) {
  const auto until = EndClock::now() + std::chrono::seconds(3);
  std::optional<JobDaemon> out = daemon_of_post(step);
  while (!out && EndClock::now() < until && !daemons_at(place).empty()) {
    std::this_thread::sleep_for(Millis(50));
    out = daemon_of_post(step);
  }
  return out;
}

void end_by_signal(ActionStep& step, pid_t pid) {
  if (pid <= 0 || wait_for_exit(pid, EndClock::now())) return;
  ::kill(pid, SIGTERM);
  if (wait_for_exit(pid, EndClock::now() + kLastPatience)) return;
  step.say(fmt::format("the daemon (pid {}) did not end, and was killed", pid));
  ::kill(pid, SIGKILL);
  (void)wait_for_exit(pid, EndClock::now() + kLastPatience);
}

// The directory of files, or an empty mountpoint: ours by name and owner, and nothing is mounted there any more.
void remove_place(const std::string& place) {
  struct stat info {};
  if (place.find("/runnerfs-") == std::string::npos || ::lstat(place.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      info.st_uid != ::geteuid() || is_mounted(place))
    return;
  std::error_code ignored;
  std::filesystem::remove_all(place, ignored);
}

}  // namespace

void end_daemon_of_job(ActionStep& step) {
  const std::string place = step.state("place"), socket = step.state("socket");
  if (step.state("made") != "true" || !place.starts_with("/")) return;
  std::optional<JobDaemon> daemon = daemon_that_starts(step, place);
  const pid_t pid = pid_of(daemon);
  const bool mounted = is_mounted(place);
  if (!daemon) step.say("the daemon had ended before the job did");
  daemon.reset();  // an open connection is a reader
  Result<> ended;
  if (mounted) {
    ended = end_mount(place, socket, false);
    if (!ended) {
      step.say(fmt::format("{}; detached: {}", ended.error().message, ended.error().hint));
      ended = end_mount(place, socket, true);
    }
  } else if (pid > 0) {
    ended = end_serve(socket);
  }
  if (!ended) step.say(ended.error().message);
  end_by_signal(step, pid);
  for (const pid_t left : daemons_at(place)) end_by_signal(step, left);
  if (is_mounted(place)) (void)unmount(place, true);
  remove_place(place);
  std::error_code ignored;
  std::filesystem::remove_all(place + ".run", ignored);
  // In RUNNER_TEMP, which a runner empties only before its next job.
  if (const std::string temporary = step.variable("RUNNER_TEMP"); temporary.starts_with("/"))
    for (const char* below : {"/runnerfs-bin", "/runnerfs-codeql"}) std::filesystem::remove_all(temporary + below, ignored);
  if (pid <= 0)  // of a daemon that was killed
    for (const char* end : {"", ".lock"}) ::unlink((socket + end).c_str());
  // Of sockets alone, where it was made for this one.
  if (const std::string directory = socket.substr(0, socket.rfind('/')); directory.ends_with(".run")) ::rmdir(directory.c_str());
}

}  // namespace rfs
