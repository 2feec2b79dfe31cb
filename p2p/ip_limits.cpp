#include "p2p/ip_limits.h"

#include <algorithm>

namespace rfs::p2p {
namespace {

constexpr std::size_t kKnownMost = 4096;  // addresses with a debt

}  // namespace

void IpLimits::refill(Ip& ip, SteadyTime now) {
  const double seconds = std::chrono::duration<double>(now - ip.at).count();
  ip.tokens = std::min(options_.burst, ip.tokens + seconds * options_.per_second);
  ip.at = now;
}

bool IpLimits::enter(const std::string& ip, SteadyTime now) {
  if (connections_ >= options_.connections || half_open_ >= options_.half_open) return false;
  if (ips_.size() >= kKnownMost && !ips_.contains(ip)) return false;
  auto [found, fresh] = ips_.try_emplace(ip, Ip{0, 0, options_.burst, now});
  Ip& one = found->second;
  refill(one, now);
  if (one.connections >= options_.per_ip || one.half_open >= options_.half_open_per_ip || one.tokens < 1) return false;
  one.tokens -= 1;
  ++one.connections;
  ++one.half_open;
  ++connections_;
  ++half_open_;
  return true;
}

void IpLimits::come_up(const std::string& ip) {
  --ips_[ip].half_open;
  --half_open_;
}

void IpLimits::leave(const std::string& ip, bool came_up) {
  if (!came_up) come_up(ip);
  --ips_[ip].connections;
  --connections_;
}

void IpLimits::tick(SteadyTime now) {
  for (auto it = ips_.begin(); it != ips_.end();) {
    refill(it->second, now);
    it = it->second.connections == 0 && it->second.tokens >= options_.burst ? ips_.erase(it) : std::next(it);
  }
}

}  // namespace rfs::p2p
