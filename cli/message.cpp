#include "cli/message.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/file.h"

namespace rfs {
namespace {

// One write a message: lines of several processes do not mix.
void to_stderr(const std::string& text) { (void)write_all(STDERR_FILENO, view(text)); }

const char* common_hint(Code code) {
  switch (code) {
    case Code::kNotFound:
      return "check the spelling; `runnerfs ls` shows what is held";
    case Code::kDenied:
      return "`runnerfs doctor` looks at the token, the directories and the key";
    case Code::kInvalid:
    case Code::kNameTooLong:
      return "runnerfs(7) describes what names and content look like";
    case Code::kIsDirectory:
      return "`runnerfs ls` lists it";
    case Code::kReadOnly:
      return "runnerfs(7) says what can be written";
    case Code::kNoSpace:
      return "make room where it is written to";
    case Code::kLimited:
      return "`runnerfs status` shows when the limit ends";
    case Code::kTimeout:
    case Code::kUnreachable:
      return "check the network and GITHUB_API_URL: `runnerfs doctor`";
    case Code::kUsage:
      return "`runnerfs help` lists the commands; runnerfs(1) describes them";
    default:
      return "`runnerfs doctor` looks for the cause";
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

int report(const Error& error) {
  const std::string hint = error.hint.empty() ? common_hint(error.code) : error.hint;
  to_stderr(fmt::format("runnerfs: error: {}\nhint: {}\n", printable(error.message), printable(hint)));
  return to_exit(error.code);
}

int report(const Error& error, std::string_view argument) {
  Error named = error;
  if (!argument.empty() && named.message.find(argument) == std::string::npos)
    named.message = fmt::format("{}: {}", argument, named.message);
  return report(named);
}

void warn(std::string_view text) { to_stderr(fmt::format("runnerfs: warning: {}\n", printable(text))); }
void note(std::string_view text) { to_stderr(fmt::format("runnerfs: {}\n", printable(text))); }

Result<bool> to_stdout(BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return false;
    } else if (errno == EAGAIN) {
      // A pipe that its reader, or another writer, made non-blocking, and that is full.
      pollfd full{STDOUT_FILENO, POLLOUT, 0};
      (void)::poll(&full, 1, -1);
    } else if (errno != EINTR) {
      return fail_errno(errno, "stdout");
    }
  }
  return true;
}

int print(std::string_view text) {
  const auto printed = to_stdout(view(text));
  return printed ? 0 : report(printed.error());
}

}  // namespace rfs
