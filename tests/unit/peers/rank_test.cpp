#include "backends/peers/rank.h"

#include "tests/catch.h"

using namespace rfs;

namespace {
const SteadyTime kStart{std::chrono::hours(1)};
}

TEST_CASE("a peer that lets a deadline pass rests, longer each time in a row") {
  Rank rank;
  CHECK_FALSE(rank.resting(kStart));
  rank.missed(kStart);
  CHECK(rank.resting(kStart + Millis(4'999)));
  CHECK_FALSE(rank.resting(kStart + Millis(5'000)));
  rank.missed(kStart);
  CHECK(rank.resting(kStart + Millis(9'999)));
  for (int i = 0; i < 40; ++i) rank.missed(kStart);
  CHECK(rank.resting(kStart + Millis(299'999)));
  CHECK_FALSE(rank.resting(kStart + Millis(300'000)));
  rank.answered(Millis(3));
  rank.missed(kStart);
  CHECK_FALSE(rank.resting(kStart + Millis(5'000)));
}

TEST_CASE("one that answers late is slow, not dead") {
  Rank rank;
  rank.missed(kStart);
  rank.came_late(Millis(200), kStart);
  CHECK(rank.resting(kStart + Millis(999)));
  CHECK_FALSE(rank.resting(kStart + Millis(1'000)));
  rank.missed(kStart);
  rank.came_late(Millis(200), kStart);
  CHECK(rank.resting(kStart + Millis(1'999)));
}

TEST_CASE("the fast and right are asked first; who is nearly always wrong is not asked") {
  Rank fast, slow;
  for (int i = 0; i < 20; ++i) {
    fast.answered(Millis(2));
    slow.answered(Millis(40));
  }
  CHECK(fast.cost() < slow.cost());
  const double before = fast.cost();
  fast.verdict(false, kStart);
  CHECK(fast.cost() > before);
  CHECK_FALSE(fast.resting(kStart));  // content changes: once is no lie
  for (int i = 0; i < 9; ++i) fast.verdict(false, kStart);
  CHECK(fast.resting(kStart + Millis(599'000)));
  CHECK_FALSE(fast.resting(kStart + Millis(600'000)));
}

TEST_CASE("a busy peer is asked again when it said so") {
  Rank rank;
  rank.busy(Millis(700), kStart);
  CHECK(rank.resting(kStart + Millis(699)));
  CHECK_FALSE(rank.resting(kStart + Millis(700)));
  rank.busy(Millis(60'000'000), kStart);
  CHECK_FALSE(rank.resting(kStart + Millis(60'000)));
}
