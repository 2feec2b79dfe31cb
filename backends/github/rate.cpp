#include "backends/github/rate.h"

#include <algorithm>
#include <cmath>

namespace rfs {

namespace {

constexpr double kMostWait = 2 * 3600;  // whatever a server says
constexpr double kFirstSecondary = 60;  // GitHub: at least a minute, growing
constexpr double kMostSecondary = 16 * 60;
constexpr std::size_t kMostCredentials = 64;  // hourly tokens of a long mount

std::chrono::nanoseconds seconds(double value) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::clamp(value, 0.0, kMostWait) * 1e9));
}

}  // namespace

double RateLimits::wall_of(SteadyTime time) const {
  return clock_.wall() + std::chrono::duration<double>(time - clock_.steady()).count();
}

double RateLimits::server_now(const HeaderList& headers) const {
  return parse_http_date(headers.get("date")).value_or(clock_.wall());
}

std::string RateLimits::resource(const std::string& place, std::string_view path) {
  {
    auto state = state_.lock();
    if (auto known = state->resources.find(place); known != state->resources.end()) return known->second;
  }
  if (path == "/search/code") return "code_search";
  return path.starts_with("/search/") ? "search" : "core";
}

std::optional<RateLimits::Gate> RateLimits::gate(const std::string& partition, const std::string& resource) {
  auto state = state_.lock();
  auto credential = state->credentials.find(partition);
  if (credential == state->credentials.end()) return std::nullopt;
  const SteadyTime now = clock_.steady();
  if (credential->second.blocked > now) return Gate{wall_of(credential->second.blocked), true};
  auto window = credential->second.windows.find(resource);
  if (window == credential->second.windows.end() || window->second.blocked <= now) return std::nullopt;
  return Gate{wall_of(window->second.blocked), false};
}

void RateLimits::note(const std::string& partition, const std::string& place, std::string_view path,
                      const HeaderList& headers, bool ok) {
  RateHeaders said = parse_rate_headers(headers);
  if (said.resource.empty()) said.resource = resource(place, path);
  auto state = state_.lock();
  if (state->credentials.size() >= kMostCredentials && !state->credentials.contains(partition))
    state->credentials.clear();
  Credential& credential = state->credentials[partition];
  const SteadyTime now = clock_.steady();
  if (ok && credential.blocked <= now) credential.strikes = 0;
  if (!said.present()) return;
  if (!place.empty()) state->resources[place] = said.resource;
  Window& window = credential.windows[said.resource];
  // Answers overtake each other: within one window the lowest number is the newest.
  if (window.said.reset == said.reset && window.said.limit == said.limit && window.said.present())
    said.remaining = std::min(said.remaining, window.said.remaining);
  window.said = said;
  window.reset = said.reset < 0 ? now : now + seconds(static_cast<double>(said.reset) - server_now(headers));
  if (said.remaining == 0 && window.reset > now) window.blocked = window.reset + std::chrono::seconds(1);
}

RateLimits::Gate RateLimits::primary(const std::string& partition, const std::string& resource,
                                     const HeaderList& headers) {
  const auto retry = parse_retry_after(headers.get("retry-after"), server_now(headers));
  auto state = state_.lock();
  Window& window = state->credentials[partition].windows[resource];
  const SteadyTime now = clock_.steady();
  if (retry)
    window.blocked = now + seconds(*retry);
  else if (window.reset > now)
    window.blocked = window.reset + std::chrono::seconds(1);
  else
    window.blocked = now + seconds(kFirstSecondary);  // the limit is gone, and nobody said for how long
  if (window.said.resource.empty()) window.said.resource = resource;
  return {wall_of(window.blocked), false};
}

RateLimits::Gate RateLimits::secondary(const std::string& partition, const HeaderList& headers) {
  const auto retry = parse_retry_after(headers.get("retry-after"), server_now(headers));
  auto state = state_.lock();
  Credential& credential = state->credentials[partition];
  const SteadyTime now = clock_.steady();
  // Requests that were under way together are one strike.
  if (credential.blocked <= now) ++credential.strikes;
  const double grown =
      std::min(kFirstSecondary * std::pow(2.0, std::clamp(credential.strikes - 1, 0, 10)), kMostSecondary);
  credential.blocked = std::max(credential.blocked, now + seconds(retry.value_or(grown)));
  return {wall_of(credential.blocked), true};
}

bool RateLimits::low(const std::string& partition, const std::string& resource, std::int64_t most) {
  if (gate(partition, resource)) return true;
  auto state = state_.lock();
  auto credential = state->credentials.find(partition);
  if (credential == state->credentials.end()) return false;
  auto window = credential->second.windows.find(resource);
  if (window == credential->second.windows.end() || window->second.reset <= clock_.steady()) return false;
  const RateHeaders& said = window->second.said;
  // A tenth: 50 of 5,000 is little left, 50 of 60 is not.
  return said.present() && said.remaining <= (said.limit > 0 ? std::min(most, said.limit / 10) : most);
}

std::vector<RateWindow> RateLimits::windows(const std::string& partition) {
  std::vector<RateWindow> out;
  auto state = state_.lock();
  auto credential = state->credentials.find(partition);
  if (credential == state->credentials.end()) return out;
  const SteadyTime now = clock_.steady();
  const SteadyTime all = credential->second.blocked;
  for (const auto& [resource, window] : credential->second.windows) {
    const SteadyTime blocked = std::max(window.blocked, all);
    out.push_back({resource, window.said.limit, window.said.remaining, window.said.used,
                   static_cast<double>(std::max<std::int64_t>(window.said.reset, 0)),
                   blocked > now ? wall_of(blocked) : 0});
  }
  // A secondary limit before any window was seen must still be visible.
  if (out.empty() && all > now) out.push_back({"core", -1, -1, -1, 0, wall_of(all)});
  return out;
}

}  // namespace rfs
