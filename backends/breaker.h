// CircuitBreaker for an optional tier: after some failures in a row the tier rests, then one call may try again.
// Any thread.
#pragma once

#include <mutex>

#include "base/time.h"

namespace rfs {

class CircuitBreaker {
 public:
  CircuitBreaker(const Clock& clock, int failures = 3, Millis rest = Millis(5'000), Millis rest_most = Millis(300'000))
      : clock_(clock), failures_(failures), rest_(rest), rest_most_(rest_most), next_rest_(rest) {}
  // False: the tier rests; treat it as a miss. True lets one caller through when the rest is over.
  bool allow();
  void success();
  // True when this failure opened the breaker (count it).
  bool failure();
  bool open() const;

 private:
  const Clock& clock_;
  const int failures_;
  const Millis rest_, rest_most_;
  mutable std::mutex mutex_;
  int in_a_row_ = 0;
  bool open_ = false;
  bool trying_ = false;
  SteadyTime until_{};
  Millis next_rest_;
};

}  // namespace rfs
