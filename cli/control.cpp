// .runnerfs/ctl: one command a line. The same words by `runnerfs` through the socket.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <csignal>

#include "base/duration.h"
#include "base/log.h"
#include "cli/daemon.h"
#include "cli/message.h"
#include "cli/value.h"

namespace rfs {
namespace {

// "invalidate a b" → {"invalidate", "a b"}.
std::pair<std::string, std::string> first_word(std::string_view text) {
  text = trimmed(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  return {std::string(text.substr(0, end)), std::string(trimmed(text.substr(end)))};
}

tl::unexpected<Error> missing(const char* form) {
  return fail(Code::kInvalid, "the command lacks something", fmt::format("write `{}`", form));
}

}  // namespace

Result<> Daemon::control(const std::string& command, const Caller& caller) {
  auto done = run_control(command, caller);
  if (!done) errors_.add(".runnerfs/ctl", done.error());
  return done;
}

// seconds: that the scan had taken; "" when nobody knows, which is counted as such and not guessed.
Result<> Daemon::count_skipped_scan(const std::string& seconds) {
  std::optional<double> saved;
  if (!seconds.empty()) {
    saved = parse_duration(seconds);
    if (!saved) return missing("codeql skipped [SECONDS]");
  }
  counters_.add(Counter::kScansSkipped);
  if (saved)
    counters_.add(Counter::kScanSecondsSaved, static_cast<std::uint64_t>(std::llround(*saved)));
  else
    counters_.add(Counter::kScansSkippedUntimed);
  return {};
}

Result<> Daemon::run_control(const std::string& command, const Caller& caller) {
  const auto [word, rest] = first_word(command);
  if (word == "invalidate") {
    if (rest.empty()) return missing("invalidate PATTERN");
    if (rest.starts_with("api/")) {
      TRY(chain_->invalidate(rest.substr(4)));
    } else if (rest.starts_with("cache/")) {
      TRY_ASSIGN(const std::string key, cache_key_of_name(rest.substr(6)));
      TRY(cache_->remove(key));
    } else {
      TRY(cache_->remove(rest));
      TRY(chain_->invalidate(rest));
    }
    return {};
  }
  if (word == "flush") {
    TRY(cache_->remove("*"));
    TRY(chain_->invalidate("*"));
    return store_->flush(false);
  }
  if (word == "validate") {
    const auto [key, fields] = first_word(rest);
    if (key.empty() || fields.empty()) return missing("validate KEY FIELDS");
    TRY(cache_->validate(key, fields));
    return {};
  }
  if (word == "log") {
    Level level;
    if (!parse_level(rest, level)) return missing("log debug|info|warning|error|off");
    log_level(level);
    return {};
  }
  if (word == "secret") return control_secrets(rest, caller);
  if (word == "zero") return totals_->zero(rest == "totals");
  if (word == "unmount" || word == "stop") {
    if (!serving) return fail(Code::kUnsupported, "this process serves nothing that could be stopped");
    stop_error.lock()->clear();
    stop = rest == "lazy" ? Stop::kDetach : Stop::kWhenFree;
    ::kill(::getpid(), SIGUSR2);  // the main loop waits for signals alone
    return {};
  }
  if (word == "codeql") {
    const auto [what, seconds] = first_word(rest);
    if (what != "skipped") return missing("codeql skipped [SECONDS]");
    return count_skipped_scan(seconds);
  }
  if (word == "peer") {
    const auto [what, address] = first_word(rest);
    if (what != "add" || address.empty()) return missing("peer add MULTIADDR");
    return peers_->add(address);
  }
  return fail(Code::kInvalid, fmt::format("there is no control command '{}'", printable(word)),
              "invalidate PATTERN, flush, validate KEY FIELDS, log LEVEL, peer add MULTIADDR, secret cleanup, secret rekey, codeql "
              "skipped [SECONDS]");
}

}  // namespace rfs
