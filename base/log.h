// The log: one line an event, to stderr in the foreground, else to the log file or syslog that cli chose.
// spdlog is included by log.cpp alone (it costs seconds a file). Any thread.
//
// Never give it a secret, a token, a body, a header value or a private path's content: SecretBytes cannot be formatted,
// and paths of api/ are logged only at debug level.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

namespace rfs {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

struct LogOptions {
  Level level = Level::kInfo;
  std::string file;      // empty: stderr
  bool syslog = false;   // background daemons without a log file
};

void log_setup(const LogOptions& options);
void log_level(Level level);
bool log_enabled(Level level);
// "debug" | "info" | "warning" | "error" | "off"; false for anything else.
bool parse_level(std::string_view word, Level& level);
void log_write(Level level, std::string_view line);

template <class... Args>
void log(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_write(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace rfs
