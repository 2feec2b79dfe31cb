#include "backends/github/freshness.h"

#include <algorithm>

namespace rfs {

namespace {

constexpr double kMostUnasked = 60;  // GitHub's own max-age; nothing on its way may stretch it
constexpr double kMostPollInterval = 3600;
constexpr double kForGood = 10 * 365 * 86400.0;

}  // namespace

Lifetime lifetime_of(const Route* route, int ttl, const ApiRequest& request, const HeaderList& headers, double now) {
  const CacheControl control = parse_cache_control(headers.all("cache-control"));
  if (control.no_store) return {now, false};
  if (route && immutable(*route, request)) return {now + kForGood, true};
  double seconds = 0;
  if (ttl >= 0)
    seconds = ttl;
  else if (!control.no_cache)
    seconds = std::min(static_cast<double>(control.max_age.value_or(0)), kMostUnasked);
  const double poll = static_cast<double>(parse_count(headers.get("x-poll-interval")).value_or(0));
  return {now + std::max(seconds, std::min(poll, kMostPollInterval)), false};
}

}  // namespace rfs
