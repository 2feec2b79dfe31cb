#include "cli/background.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "cli/message.h"

namespace rfs {
namespace {

constexpr int kStartMillis = 60'000;

int wait_for(pid_t child, int pipe) {
  pollfd watched{pipe, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&watched, 1, kStartMillis)) < 0 && errno == EINTR) {
  }
  std::uint8_t code = 0;
  if (ready > 0 && ::read(pipe, &code, 1) == 1) {
    if (code != 0) ::waitpid(child, nullptr, 0);
    return code;
  }
  if (ready == 0) {
    ::kill(child, SIGTERM);
    return report(
        {Code::kTimeout, "the daemon was not ready within 60 s", "run `runnerfs mount -f` to see what it waits for"});
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) return WEXITSTATUS(status);
  return report({Code::kBroken, "the daemon ended before it was ready", "run `runnerfs mount -f` to see why"});
}

}  // namespace

bool Ready::ready() {
  notify_systemd("READY=1");
  if (!pipe_) return true;
  const std::uint8_t code = 0;
  const bool told = ::write(pipe_.get(), &code, 1) == 1;
  pipe_.reset();
  // A step of a job waits for whoever holds its stdout.
  if (const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC)); null)
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null.get(), fd);
  return told;
}

void Ready::failed(int exit_code) {
  if (!pipe_) return;
  const auto code = static_cast<std::uint8_t>(exit_code);
  (void)write_all(pipe_.get(), {&code, 1});
  pipe_.reset();
}

int in_background(const std::function<int(Ready&)>& run) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return report(fail_errno(errno, "pipe").value());
  Fd read_end(ends[0]), write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return report(fail_errno(errno, "fork").value());
  if (child > 0) {
    write_end.reset();
    return wait_for(child, read_end.get());
  }
  read_end.reset();
  ::setsid();
  // The directory that we were started in must stay removable and unmountable.
  if (::chdir("/") != 0) return report(fail_errno(errno, "chdir").value());
  Ready ready(std::move(write_end));
  ready.background_ = true;
  const int code = run(ready);
  ready.failed(code);
  return code;
}

// A pidfd tells of the end even while the parent has yet to collect the process; kill(pid, 0) would go on seeing it.
bool wait_for_exit(pid_t pid, std::chrono::steady_clock::time_point until) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return errno == ESRCH;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  pollfd ended{process.get(), POLLIN, 0};
  return ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) > 0;
}

void notify_systemd(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return;
  (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
}

}  // namespace rfs
