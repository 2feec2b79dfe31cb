#include "base/time.h"

#include <fmt/core.h>

#include <cmath>
#include <ctime>

namespace rfs {

double SystemClock::wall() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string rfc3339(double wall) {
  // Years 0000 to 9999 are all that the form can say; a stored time may be anything.
  constexpr double kFirst = -62'167'219'200.0, kLast = 253'402'300'799.0;
  if (!(wall >= kFirst)) wall = kFirst;
  if (wall > kLast) wall = kLast;
  auto millis = static_cast<std::int64_t>(std::floor(wall * 1000.0 + 0.0005));
  std::int64_t seconds = millis >= 0 ? millis / 1000 : -((999 - millis) / 1000);
  std::time_t whole = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis - seconds * 1000);
}

}  // namespace rfs
