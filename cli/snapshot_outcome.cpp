#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "base/json.h"
#include "cli/message.h"
#include "cli/snapshot.h"

namespace rfs {

int SnapshotOutcome::said(const Error& why, const char* status, bool warning) const {
  if (given_.has("--exit-code")) return report(why);
  const std::string line =
      fmt::format("nothing was {}: {}{}{}", what_, why.message, why.hint.empty() ? "" : "; hint: ", why.hint);
  if (warning) {
    warn(line);
  } else {
    note(line);
  }
  if (!given_.has("--json")) return 0;
  JsonLine json;
  json.text("status", status).text("code", to_word(why.code)).text("reason", why.message).text("hint", why.hint);
  return print(json.str() + "\n");
}

int SnapshotOutcome::done(const char* status, const std::string& json, const std::string& text) const {
  if (!given_.has("--json")) return print(text + "\n");
  return print(fmt::format("{{\"status\":{},{}\n", json_quote(status), json.substr(1)));
}

Progress snapshot_progress(const char* what) {
  using SteadyClock = std::chrono::steady_clock;
  if (::isatty(STDERR_FILENO) != 1) return [](std::uint64_t, std::uint64_t) { return true; };
  return [what, next = SteadyClock::now() + std::chrono::seconds(1)](std::uint64_t entries, std::uint64_t bytes) mutable {
    if (SteadyClock::now() < next) return true;
    next = SteadyClock::now() + std::chrono::milliseconds(200);
    fmt::print(stderr, "\r\x1b[K{}: {} entries, {} MiB\r", what, entries, bytes >> 20);
    std::fflush(stderr);
    return true;
  };
}

}  // namespace rfs
