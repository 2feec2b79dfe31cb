#include "base/log.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "base/fd.h"
#include "base/sync.h"

namespace rfs {
namespace {

using Logger = std::shared_ptr<spdlog::logger>;

std::atomic<Level> least{Level::kInfo};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

Logger make_logger(spdlog::sink_ptr sink, const char* pattern) {
  auto logger = std::make_shared<spdlog::logger>("runnerfs", std::move(sink));
  logger->set_pattern(pattern, spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::debug);  // log_enabled() decides
  logger->flush_on(spdlog::level::debug);   // a line that is lost in a crash is the one that was needed
  return logger;
}

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l: %v";

Logger stderr_logger() { return make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), kPattern); }

// Until log_setup: stderr.
Sync<Logger>& current() {
  static Sync<Logger> logger(stderr_logger());
  return logger;
}

// One event is one line, whatever came from outside in it.
std::string one_line(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  for (char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      out += c;
  }
  return out;
}

}  // namespace

void log_setup(const LogOptions& options) {
  log_level(options.level);
  Logger logger;
  std::string trouble;
  try {
    if (!options.file.empty()) {
      // Paths and errors are the owner's business; spdlog would make the file readable to all.
      Fd made(::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600));
      logger = make_logger(std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file), kPattern);
    } else if (options.syslog) {
      logger =
          make_logger(std::make_shared<spdlog::sinks::syslog_sink_mt>("runnerfs", LOG_PID, LOG_DAEMON, false), "%v");
    }
  } catch (const spdlog::spdlog_ex& error) {
    trouble = error.what();
  }
  *current().lock() = logger ? logger : stderr_logger();
  if (!trouble.empty()) log(Level::kWarning, "cannot open the log file, logging to stderr: {}", trouble);
}

void log_level(Level level) { least.store(level, std::memory_order_relaxed); }

bool log_enabled(Level level) { return level != Level::kOff && level >= least.load(std::memory_order_relaxed); }

bool parse_level(std::string_view word, Level& level) {
  constexpr std::pair<std::string_view, Level> kWords[] = {{"debug", Level::kDebug},
                                                           {"info", Level::kInfo},
                                                           {"warning", Level::kWarning},
                                                           {"error", Level::kError},
                                                           {"off", Level::kOff}};
  for (const auto& [name, value] : kWords) {
    if (name != word) continue;
    level = value;
    return true;
  }
  return false;
}

void log_write(Level level, std::string_view line) {
  Logger logger = *current().lock();
  logger->log(spdlog_level(level), "{}", one_line(line));  // spdlog catches what its sinks throw
}

}  // namespace rfs
