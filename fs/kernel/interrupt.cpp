#include "fs/kernel/interrupt.h"

#include <charconv>
#include <csignal>
#include <cstdint>
#include <string>

#include "base/file.h"

namespace rfs {
namespace {

// "SigPnd:\t0000000000000100" → the mask, with bit n-1 for signal n; 0 when the line is missing.
std::uint64_t mask(std::string_view status, std::string_view name) {
  for (std::size_t line = 0; line < status.size();) {
    std::size_t end = std::min(status.find('\n', line), status.size());
    std::string_view text = status.substr(line, end - line);
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      while (!text.empty() && (text.front() == '\t' || text.front() == ' ')) text.remove_prefix(1);
      std::uint64_t value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value, 16);
      return value;
    }
    line = end + 1;
  }
  return 0;
}

constexpr std::uint64_t bit(int signal) { return std::uint64_t{1} << (signal - 1); }

}  // namespace

bool fatal_signal_in(std::string_view status) {
  constexpr std::uint64_t kFatal =
      bit(SIGHUP) | bit(SIGINT) | bit(SIGQUIT) | bit(SIGABRT) | bit(SIGKILL) | bit(SIGTERM);
  std::uint64_t pending = mask(status, "SigPnd:") | mask(status, "ShdPnd:");
  return (pending & ~mask(status, "SigBlk:") & kFatal) != 0;
}

bool fatal_signal_pending(pid_t thread) {
  if (thread <= 0) return false;
  auto status = read_file("/proc/" + std::to_string(thread) + "/status", 64u << 10);
  return status && fatal_signal_in(*status);
}

}  // namespace rfs
