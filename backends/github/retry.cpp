#include "backends/github/retry.h"

#include <cmath>
#include <random>

namespace rfs {

namespace {

// Clients that failed together must not come back together.
Millis jittered(double millis) {
  thread_local std::minstd_rand random(std::random_device{}());
  return Millis(static_cast<std::int64_t>(std::uniform_real_distribution<double>(0.5, 1.5)(random) * millis));
}

}  // namespace

Millis quick_delay(int tries) { return jittered(50 * std::pow(4, tries - 1)); }

Millis patient_delay(int tries, const HeaderList& headers, double wall) {
  if (auto asked = parse_retry_after(headers.get("retry-after"), wall))
    return Millis(static_cast<std::int64_t>(std::min(*asked, 86'400.0) * 1000));
  return jittered(250 * std::pow(4, tries - 1));
}

}  // namespace rfs
