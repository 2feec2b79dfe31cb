#include "backends/breaker.h"

#include <algorithm>

namespace rfs {

bool CircuitBreaker::allow() {
  std::lock_guard lock(mutex_);
  if (!open_) return true;
  // While one caller tries, the others are told to go on without the tier.
  if (trying_ || clock_.steady() < until_) return false;
  trying_ = true;
  return true;
}

void CircuitBreaker::success() {
  std::lock_guard lock(mutex_);
  in_a_row_ = 0;
  open_ = trying_ = false;
  next_rest_ = rest_;
}

bool CircuitBreaker::failure() {
  std::lock_guard lock(mutex_);
  ++in_a_row_;
  const bool opens = !open_ && in_a_row_ >= failures_;
  // A failure while open is the trial's (it rests twice as long), or a late one of a call that began before.
  if (!opens && !(open_ && trying_)) return false;
  open_ = true;
  trying_ = false;
  until_ = clock_.steady() + next_rest_;
  next_rest_ = std::min(next_rest_ * 2, rest_most_);
  return opens;
}

bool CircuitBreaker::open() const {
  std::lock_guard lock(mutex_);
  return open_;
}

}  // namespace rfs
