#include "cli/secret_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/fd.h"
#include "cli/secret.h"

namespace rfs {
namespace {

constexpr int kMostSeconds = 300;

[[noreturn]] void become(int out, const char* command, char* const* environment) {
  ::dup2(out, STDOUT_FILENO);
  if (const int null = ::open("/dev/null", O_RDONLY); null >= 0) ::dup2(null, STDIN_FILENO);
  ::signal(SIGPIPE, SIG_DFL);
  ::setpgid(0, 0);
  char shell[] = "sh", option[] = "-c";
  char* words[] = {shell, option, const_cast<char*>(command), nullptr};
  ::execve("/bin/sh", words, environment);
  ::_exit(127);
}

}  // namespace

Result<SecretBytes> value_from_command(const std::string& command, const SavedEnvironment& environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "pipe");
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const std::vector<char*> variables = environment.pointers();
  const pid_t child = ::fork();
  if (child < 0) return fail_errno(errno, "fork");
  if (child == 0) become(write_end.get(), command.c_str(), variables.data());
  ::setpgid(child, child);
  write_end.reset();
  auto value = read_secret(read_end.get(), "the command", kMostSeconds * 1000);
  if (!value) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!value) return value;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return value;
  const std::string how =
      WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status)) : fmt::format("signal {}", WTERMSIG(status));
  return fail(Code::kBroken, "the command that gives the value failed: " + how, "run it by hand to see why");
}

}  // namespace rfs
