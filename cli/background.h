// Going into the background, and telling whoever started us when we are ready: a parent through a pipe, systemd through
// its notification socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string_view>

#include "base/fd.h"

namespace rfs {

// Told once: ready, or the exit code of a start that failed.
class Ready {
 public:
  Ready() = default;  // nobody waits but systemd
  explicit Ready(Fd pipe) : pipe_(std::move(pipe)) {}
  // Tells systemd READY=1; then the parent, detaching from its stdin, stdout and stderr. False: the parent is gone.
  bool ready();
  void failed(int exit_code);
  bool in_background() const { return background_; }

 private:
  friend int in_background(const std::function<int(Ready&)>& run);
  Fd pipe_;
  bool background_ = false;
};

// Forks. The child runs `run` in a session of its own with "/" as its directory; the parent returns when the child says
// that it is ready (0) or failed (its exit code, after it printed why). REQUIRES: one thread.
int in_background(const std::function<int(Ready&)>& run);

// Waits until that process is gone, at most until then. True: it is.
bool wait_for_exit(pid_t pid, std::chrono::steady_clock::time_point until);

// One datagram to $NOTIFY_SOCKET, sd_notify(3) without libsystemd; nothing when it is not set.
void notify_systemd(std::string_view state);

}  // namespace rfs
