// How many connections one address may have and how fast it may make them. An address is limited, never banned:
// runners share one. One thread.
#pragma once

#include <string>
#include <unordered_map>

#include "base/time.h"

namespace rfs::p2p {

struct IpLimitOptions {
  std::size_t connections = 64;  // in all
  std::size_t per_ip = 16;
  std::size_t half_open = 32;  // that have not come up yet, in all
  std::size_t half_open_per_ip = 8;
  double per_second = 10;  // new ones of one address
  double burst = 20;
};

class IpLimits {
 public:
  explicit IpLimits(IpLimitOptions options) : options_(options) {}
  // A new connection from there: true, and counted, or false. Who was let in calls come_up() once or not, and leave().
  bool enter(const std::string& ip, SteadyTime now);
  void come_up(const std::string& ip);
  void leave(const std::string& ip, bool came_up);
  // Forgets addresses that have no connection and no debt.
  void tick(SteadyTime now);
  std::size_t connections() const { return connections_; }
  std::size_t known() const { return ips_.size(); }

 private:
  struct Ip {
    std::size_t connections = 0, half_open = 0;
    double tokens = 0;
    SteadyTime at{};
  };
  void refill(Ip& ip, SteadyTime now);
  const IpLimitOptions options_;
  std::unordered_map<std::string, Ip> ips_;
  std::size_t connections_ = 0, half_open_ = 0;
};

}  // namespace rfs::p2p
