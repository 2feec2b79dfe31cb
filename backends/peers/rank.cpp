#include "backends/peers/rank.h"

#include <algorithm>

namespace rfs {
namespace {

constexpr double kWeight = 0.2;  // of the newest in a moving average
constexpr Millis kDead{5'000}, kDeadMost{300'000};
constexpr Millis kSlow{1'000}, kSlowMost{60'000};
constexpr Millis kWrong{600'000};
constexpr int kJudgedLeast = 10;
constexpr double kRightLeast = 0.2;

Millis doubled(Millis first, int times, Millis most) { return std::min(most, first * (1 << std::min(times, 16))); }

}  // namespace

double Rank::cost() const { return took_ * (1 + 4 * (1 - right_)); }

void Rank::answered(Millis took) {
  took_ += kWeight * (static_cast<double>(took.count()) - took_);
  missed_ = late_ = 0;
}

void Rank::missed(SteadyTime now) { rest_until_ = now + doubled(kDead, missed_++, kDeadMost); }

void Rank::came_late(Millis took, SteadyTime now) {
  took_ += kWeight * (static_cast<double>(took.count()) - took_);
  missed_ = 0;
  rest_until_ = now + doubled(kSlow, late_++, kSlowMost);
}

void Rank::busy(Millis retry, SteadyTime now) { rest_until_ = std::max(rest_until_, now + std::min(retry, kSlowMost)); }

void Rank::verdict(bool right, SteadyTime now) {
  right_ += kWeight * ((right ? 1.0 : 0.0) - right_);
  if (++judged_ < kJudgedLeast || right_ >= kRightLeast) return;
  rest_until_ = now + kWrong;
  judged_ = 0;
  right_ = 0.5;
}

}  // namespace rfs
