#include <fmt/format.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/doctor.h"
#include "cli/json_view.h"

namespace rfs {
namespace {

using Grade = Finding::Grade;

void check_identity(Findings& out, const std::string& status) {
  const std::string error = json_text(status, "identity.error"), kind = json_text(status, "identity.kind");
  if (!error.empty()) {
    out.push_back({Grade::kFail, "token", error, json_text(status, "identity.hint")});
  } else if (kind == "anonymous") {
    out.push_back({Grade::kWarn, "token", "none: 60 calls an hour",
                   "set GITHUB_TOKEN or GH_TOKEN, use --token-file, or `gh auth login`"});
  } else {
    out.push_back({Grade::kOk, "token", fmt::format("{}, from {}", kind, json_text(status, "identity.origin")), ""});
  }
}

void check_limit(Findings& out, const std::string& limits) {
  const double remaining = json_number(limits, "resources.core.remaining"),
               limit = json_number(limits, "resources.core.limit");
  const double reset = json_number(limits, "resources.core.reset");
  if (limit <= 0) return;
  const Grade grade = remaining < 1 ? Grade::kFail : remaining < limit / 20 ? Grade::kWarn : Grade::kOk;
  out.push_back({grade, "rate limit",
                 fmt::format("{:.0f} of {:.0f} calls remain until {}", remaining, limit, rfc3339(reset)),
                 "copies are served meanwhile; a token of another kind has a limit of its own"});
}

// The reset of a window lies within the hour, by GitHub's clock: a free look at it.
void check_clock(Findings& out, const std::string& limits) {
  const double reset = json_number(limits, "resources.core.reset"), now = SystemClock().wall();
  if (reset <= 0) return;
  const bool wrong = reset < now - 300 || reset > now + 3600 + 300;
  out.push_back({wrong ? Grade::kWarn : Grade::kOk, "clock", wrong ? "differs from GitHub's" : "agrees with GitHub's",
                 "set the clock; TLS and times to live depend on it"});
}

}  // namespace

Findings check_origin(Findings& out, const Configuration& configuration, EnvironmentToken token,
                      const Environment& environment) {
  Findings clock;
  // In memory: looking must make no store and no key.
  Configuration looking = configuration;
  looking.settings.cache_persistence = false;
  const auto daemon = Daemon::build(looking, std::move(token), environment);
  if (!daemon) {
    out.push_back({Grade::kFail, "daemon", daemon.error().message, daemon.error().hint});
    return clock;
  }
  check_identity(out, (*daemon)->status_json());
  const Millis deadline(static_cast<std::int64_t>((configuration.settings.origin_timeout + 5) * 1000));
  WalkAccess access((*daemon)->root(), Caller{(*daemon)->served().uid, ::getegid(), ::getpid()}, deadline);
  const auto limits = read_tree(access, "api/rate_limit.json");
  const std::string& url = configuration.settings.api_url;
  if (limits) {
    out.push_back({Grade::kOk, "api", fmt::format("{} answers", url), ""});
    check_limit(out, *limits);
    check_clock(clock, *limits);
  } else if (url.starts_with("file://") && limits.error().code == Code::kNotFound) {
    out.push_back({Grade::kOk, "api", fmt::format("{}: recorded answers", url), ""});
  } else {
    out.push_back({Grade::kFail, "api", fmt::format("{}: {}", url, limits.error().message), limits.error().hint});
  }
  return clock;
}

}  // namespace rfs
