#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/file.h"
#include "cli/access.h"
#include "cli/background.h"
#include "cli/end_daemon.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "fs/kernel/mountpoint.h"

namespace rfs {
namespace {

using Steady = std::chrono::steady_clock;
constexpr Millis kPatience{9'000};  // umount ends within 10 s
constexpr Millis kAnswer{5'000};    // of the daemon

bool mounted(const std::string& mountpoint) {
  for (const MountPlace& place : runnerfs_mounts())
    if (place.mountpoint == mountpoint) return true;
  return false;
}

struct Asked {
  bool told = false;
  pid_t pid = 0;
  std::string failure;  // "message\nhint" of a daemon that could not
};

// The daemon of a mount: its socket, and what it says of itself. Where the socket is was decided by the environment
// that it was started in (XDG_RUNTIME_DIR, --socket); what lies in the mount itself says it too.
Result<std::pair<std::unique_ptr<SocketAccess>, std::string>> daemon_of(const std::string& mountpoint,
                                                                        const std::string& usual) {
  auto at_usual = SocketAccess::connect(usual);
  if (at_usual) {
    auto status = read_tree(**at_usual, ".runnerfs/daemon.json");
    if (status && json_text(*status, "mountpoint") == mountpoint)
      return std::pair(std::move(*at_usual), std::move(*status));
  }
  TRY_ASSIGN(std::string status, read_file(mountpoint + "/.runnerfs/daemon.json", 64u << 10));
  TRY_ASSIGN(auto access, SocketAccess::connect(json_text(status, "socket")));
  return std::pair(std::move(access), std::move(status));
}

// Tells the daemon and waits for the mount to go. On a thread of its own, since a stopped daemon answers nothing.
void ask_daemon(const std::string& socket, const std::string& mountpoint, bool lazy,
                const std::shared_ptr<Sync<Asked>>& asked) {
  auto found = daemon_of(mountpoint, socket);
  if (!found) return;
  const auto& access = found->first;
  asked->lock()->pid = static_cast<pid_t>(json_number(found->second, "pid"));
  if (!access->control(lazy ? "unmount lazy" : "unmount")) return;
  asked->lock()->told = true;
  const auto until = Steady::now() + kAnswer;
  while (mounted(mountpoint) && Steady::now() < until) {
    const auto now = read_tree(*access, ".runnerfs/daemon.json");
    const std::string failure = now ? json_text(*now, "stop_error") : "";
    if (!failure.empty()) {
      asked->lock()->failure = failure;
      return;
    }
    std::this_thread::sleep_for(Millis(20));
  }
}

}  // namespace

Result<> end_mount(const std::string& mountpoint, const std::string& socket, bool lazy) {
  const auto until = Steady::now() + kPatience;
  auto asked = std::make_shared<Sync<Asked>>();
  auto ended = std::make_shared<std::atomic<bool>>(false);
  std::thread([=] {
    ask_daemon(socket, mountpoint, lazy, asked);
    *ended = true;
  }).detach();
  const auto patience = Steady::now() + kAnswer;
  while (!*ended && mounted(mountpoint) && Steady::now() < patience) std::this_thread::sleep_for(Millis(5));
  const Asked result = *asked->lock();
  if (mounted(mountpoint)) {
    if (!result.failure.empty()) {
      const std::size_t end = result.failure.find('\n');
      return fail(Code::kBusy, result.failure.substr(0, end),
                  end == std::string::npos ? "" : result.failure.substr(end + 1));
    }
    // It does not answer, or belongs to nobody any more: the kernel is asked.
    TRY(unmount(mountpoint, lazy));
  }
  // Whoever cleans up after the mount, and a job that ends, rely on the daemon being gone too.
  if (result.pid > 0) (void)wait_for_exit(result.pid, until);
  return {};
}

int run_umount(const Given& given) {
  take_secrets();
  const ConfigSources sources = present_sources(given.settings);
  const std::string mountpoint =
      given.arguments.empty() ? default_mountpoint(sources.environment) : mountpoint_path(given.arguments[0]);
  if (!mounted(mountpoint))
    return report({Code::kNotFound, fmt::format("no runnerfs is mounted at {}", mountpoint),
                   "`runnerfs status` or `findmnt -t fuse.runnerfs` shows where one is"});
  const auto configuration = load_configuration(sources);
  std::string socket = configuration ? configuration->settings.socket : "";
  if (socket.empty()) socket = socket_of_mountpoint(sources.environment, mountpoint);
  const auto done = end_mount(mountpoint, socket, given.has("--lazy"));
  return done ? 0 : report(done.error());
}

}  // namespace rfs
