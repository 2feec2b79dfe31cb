#include <fmt/format.h>

#include "cli/access.h"
#include "cli/background.h"
#include "cli/end_daemon.h"
#include "cli/front.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/places.h"

namespace rfs {
namespace {

constexpr std::chrono::seconds kUntilEnded{9};  // as umount

}  // namespace

Result<> end_serve(const std::string& socket) {
  TRY_ASSIGN(const auto access, SocketAccess::connect(socket));
  TRY_ASSIGN(const std::string status, read_tree(*access, ".runnerfs/daemon.json"));
  if (const std::string mountpoint = json_text(status, "mountpoint"); !mountpoint.empty())
    return fail(Code::kBusy, fmt::format("the daemon at {} is that of the mount {}", socket, mountpoint),
                fmt::format("runnerfs umount {}", mountpoint));
  TRY(access->control("stop"));
  const auto pid = static_cast<pid_t>(json_number(status, "pid"));
  if (pid > 0 && !wait_for_exit(pid, std::chrono::steady_clock::now() + kUntilEnded))
    return fail(Code::kTimeout, fmt::format("the daemon with the process id {} has not ended", pid),
                fmt::format("kill {}", pid));
  return {};
}

// The daemon without a mount. In the foreground unless --background.
int run_serve(const Given& given) {
  EnvironmentToken token = take_secrets();
  const ConfigSources sources = present_sources(given.settings);
  const auto configuration = load_configuration(sources);
  if (!configuration) return report(configuration.error());
  FrontOptions options;
  const std::string& named = configuration->settings.socket;
  options.socket = named.empty() ? socket_of_mountpoint(sources.environment, "") : absolute_path(named);
  if (given.has("--stop")) {
    const auto stopped = end_serve(options.socket);
    return stopped ? 0 : report(stopped.error());
  }
  const auto run = [&](Ready& ready) {
    return run_front(*configuration, std::move(token), sources.environment, options, ready);
  };
  if (given.has("--background")) return in_background(run);
  Ready ready;
  return run(ready);
}

}  // namespace rfs
