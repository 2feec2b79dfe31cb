#include "cli/secret_refresh.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/fd.h"
#include "cli/background.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/secret.h"

namespace rfs {
namespace {

constexpr double kAgain = 60;  // seconds, after a failure

void again_and_again(const std::function<Result<>()>& store, double seconds, pid_t daemon, bool stored) {
  for (;;) {
    if (!stored) {
      const auto done = store();
      if (!done) warn(fmt::format("not rotated: {}", done.error().message));
      stored = done.has_value();
    }
    const double pause = stored ? seconds : std::min(seconds, kAgain);
    stored = false;
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(pause));
    if (daemon != 0 && wait_for_exit(daemon, until)) return;
    if (daemon == 0) ::poll(nullptr, 0, static_cast<int>(std::min(pause * 1000, 2e9)));
  }
}

}  // namespace

pid_t daemon_pid(const Given& given) {
  const auto reach = Reach::open_daemon(given);
  if (!reach) return 0;
  const auto identity = read_tree((*reach)->access(), ".runnerfs/daemon.json");
  return identity ? static_cast<pid_t>(json_number(*identity, "pid")) : 0;
}

int refresh_secret(const std::function<Result<>()>& store, double seconds, pid_t daemon) {
  if (daemon == 0) {
    again_and_again(store, seconds, 0, false);
    return 0;
  }
  // The command is the user's, and may name files of where it was given.
  const Fd here(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return in_background([&](Ready& ready) {
    const auto first = here && ::fchdir(here.get()) == 0
                           ? store()
                           : Result<>(fail_errno(errno, "cannot go back to the directory where this was begun"));
    if (!first) {
      const int code = report(first.error());
      ready.failed(code);
      return code;
    }
    ready.ready();
    again_and_again(store, seconds, daemon, true);
    return 0;
  });
}

}  // namespace rfs
