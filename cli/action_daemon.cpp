#include "cli/action_daemon.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/file.h"
#include "base/process.h"
#include "cli/access.h"
#include "cli/action_order.h"
#include "cli/action_place.h"
#include "cli/json_view.h"
#include "cli/keys.h"
#include "cli/places.h"
#include "cli/value.h"
#include "cli/workflow_files.h"
#include "fs/socket.h"

namespace rfs {
namespace {

constexpr Millis kStartPatience{40'000};
constexpr Millis kGreetingPatience{2'000};

// All that the daemon's own environment holds, as every process of this user can read it.
constexpr std::array<std::string_view, 6> kPassedOn{"PATH", "HOME", "RUNNER_TRACKING_ID", "SSL_CERT_FILE", "SSL_CERT_DIR",
                                                    "CURL_CA_BUNDLE"};

bool passed_on(const std::string& name) {
  for (const std::string_view one : kPassedOn)
    if (name == one) return true;
  return name.starts_with("XDG_") || name.ends_with("_PROXY") || name.ends_with("_proxy") ||
         name.starts_with("RUNNERFS_");
}

std::vector<std::string> clean_environment(const Environment& environment) {
  std::vector<std::string> out;
  for (const auto& [name, value] : environment)
    if (passed_on(name) && !names_secret(name))
      out.push_back(name + "=" + (name == "PATH" ? path_with_fusermount(value) : value));
  return out;
}

// Lines of a daemon that did not start: `runnerfs: error: …` and `hint: …`.
Error error_of_start(const Ran& ran) {
  Error out{Code::kBroken, fmt::format("the daemon did not start (exit code {})", ran.exit_code), ""};
  std::string others;  // fusermount3 says on its own why it will not
  for (const std::string& line : split_list(ran.err, '\n')) {
    if (line.starts_with("runnerfs: error: "))
      out.message = line.substr(17);
    else if (line.starts_with("hint: "))
      out.hint = line.substr(6);
    else if (!line.starts_with("runnerfs: "))
      others = line;
  }
  if (!others.empty()) out.message += fmt::format(" ({})", others);
  return out;
}

Result<> start_daemon_process(ActionStep& step, const DaemonOrder& order, const std::string& place) {
  const SecretBytes text = order_text(order);
  TRY_ASSIGN(const Ran ran, run_process({"runnerfs", "action", "daemon", place}, clean_environment(step.environment()), kStartPatience,
                                        text.reveal(), "/proc/self/exe"));
  if (ran.exit_code != 0) return fail(error_of_start(ran));
  // What it warns of, and decisions of a first run.
  for (const std::string& line : split_list(ran.err, '\n'))
    step.say(line.starts_with("runnerfs: ") ? line.substr(10) : line);
  return {};
}

std::optional<JobDaemon> daemon_at(const Environment& environment, const std::string& place) {
  JobDaemon out;
  out.place = place;
  out.socket = socket_of_mountpoint(environment, place);
  auto connected = SocketAccess::connect(out.socket, kGreetingPatience);
  if (!connected) return std::nullopt;
  const auto identity = read_tree(**connected, ".runnerfs/daemon.json");
  if (!identity) return std::nullopt;
  const std::string mountpoint = json_text(*identity, "mountpoint");
  if (!mountpoint.empty() && mountpoint != place) return std::nullopt;
  out.mounted = !mountpoint.empty();
  out.access = std::move(*connected);
  return out;
}

std::optional<JobDaemon> running_daemon(const Environment& environment) {
  std::vector<std::string> places;
  if (const std::string named = variable(environment, "RUNNERFS_MOUNT"); named.starts_with("/"))
    places.push_back(mountpoint_path(named));
  for (const auto& place : {place_of_job(environment), memory_place_of_job(environment)})
    if (place) places.push_back(*place);
  for (const std::string& place : places)
    if (auto found = daemon_at(environment, place)) return found;
  return std::nullopt;
}

// Where files stand in for the mount. It may be there from a daemon that died.
Result<> make_stand_in(const std::string& place) {
  for (const char* below : {"", "/secrets", "/codeql"}) {
    const std::string path = place + below;
    struct stat info {};
    if (::mkdir(path.c_str(), 0700) == 0) continue;
    if (errno != EEXIST || ::lstat(path.c_str(), &info) != 0) return fail_errno(errno, path);
    if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 0077) != 0)
      return fail(Code::kDenied, path + " is there, and is not this job's", "remove it");
  }
  return {};
}

// Kept before anything is started, so that post finds it however main ends.
void keep_for_post(ActionStep& step, const JobDaemon& daemon, bool made) {
  step.keep("place", daemon.place);
  step.keep("socket", daemon.socket);
  step.keep("made", made ? "true" : "false");
}

DaemonOrder order_of(const ActionStep& step, const std::vector<FlagValue>& settings) {
  DaemonOrder out;
  for (const auto& [name, value] : step.environment())
    if (!names_secret(name)) out.environment.emplace(name, value);
  out.settings = settings;
  out.directory = step.variable("GITHUB_WORKSPACE");
  out.runner = worker_of_job();
  out.token.bytes = step.token();
  out.token.network = step.fleet_secret();
  out.token.runtime = step.secret_variable("ACTIONS_RUNTIME_TOKEN");
  return out;
}

Result<JobDaemon> started_daemon(ActionStep& step, const std::vector<FlagValue>& settings) {
  const Environment& environment = step.environment();
  DaemonOrder order = order_of(step, settings);
  JobDaemon out;
  TRY_ASSIGN(out.place, place_of_job(environment));
  out.place = mountpoint_path(out.place);
  out.socket = order.socket = socket_of_mountpoint(environment, out.place);
  order.mountpoint = out.place;
  keep_for_post(step, out, true);
  if (auto mounted = start_daemon_process(step, order, out.place); !mounted) {
    out.not_mounted = mounted.error();
    ::rmdir(out.place.c_str());
    const auto memory = memory_place_of_job(environment);
    out.in_memory = memory.has_value();
    if (memory) out.place = *memory;
    TRY(make_stand_in(out.place));
    out.socket = order.socket = socket_of_mountpoint(environment, out.place);
    order.mountpoint.clear();
    keep_for_post(step, out, true);
    TRY(start_daemon_process(step, order, out.place));
  }
  auto found = daemon_at(environment, out.place);
  if (!found) return fail(Code::kBroken, "the daemon does not answer on " + out.socket, "`runnerfs doctor` looks for the cause");
  found->made = true;
  found->in_memory = out.in_memory;
  found->not_mounted = std::move(out.not_mounted);
  return std::move(*found);
}

// A directory that holds `runnerfs` and nothing else, for PATH.
Result<std::string> directory_of_program(const Environment& environment, const std::string& place) {
  const std::string temporary = variable(environment, "RUNNER_TEMP");
  const std::string directory = (temporary.starts_with("/") ? temporary : place + ".run") + "/runnerfs-bin";
  TRY(make_directories(directory, 0700));
  const std::string link = directory + "/runnerfs", target = own_path();
  ::unlink(link.c_str());
  if (::symlink(target.c_str(), link.c_str()) != 0) return fail_errno(errno, link);
  return directory;
}

}  // namespace

Result<JobDaemon> daemon_of_job(ActionStep& step, const std::vector<FlagValue>& settings) {
  if (const SecretBytes fleet = step.fleet_secret(); !fleet.empty()) step.mask(fleet.reveal_text());
  std::optional<JobDaemon> found = running_daemon(step.environment());
  if (found) {
    keep_for_post(step, *found, false);
    if (step.has("github-token")) step.say("uses the mount of an earlier step, with that step's token and settings");
  } else {
    TRY_ASSIGN(found, started_daemon(step, settings));
  }
  step.export_variable("RUNNERFS_MOUNT", found->place);
  if (const auto directory = directory_of_program(step.environment(), found->place))
    step.add_path(*directory);
  else
    step.say("runnerfs is not in PATH: " + directory.error().message);
  return std::move(*found);
}

std::optional<JobDaemon> daemon_of_post(const ActionStep& step) {
  const std::string socket = step.state("socket");
  if (socket.empty()) return std::nullopt;
  auto connected = SocketAccess::connect(socket, kGreetingPatience);
  if (!connected) return std::nullopt;
  JobDaemon out;
  out.place = step.state("place");
  out.socket = socket;
  out.made = step.state("made") == "true";
  const auto identity = read_tree(**connected, ".runnerfs/daemon.json");
  if (!identity) return std::nullopt;
  out.mounted = !json_text(*identity, "mountpoint").empty();
  out.access = std::move(*connected);
  return out;
}

}  // namespace rfs
