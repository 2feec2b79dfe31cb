#include "backends/peers/rank.h"

#include "tests/catch.h"

using namespace rfs;

namespace {
const SteadyTime kRankStart{std::chrono::hours(1)};
}

TEST_CASE("a peer that lets a deadline pass rests, longer each time in a row") {
  Rank rank;
  CHECK_FALSE(rank.resting(kRankStart));
  rank.missed(kRankStart);
  CHECK(rank.resting(kRankStart + Millis(4'999)));
  CHECK_FALSE(rank.resting(kRankStart + Millis(5'000)));
  rank.missed(kRankStart);
  CHECK(rank.resting(kRankStart + Millis(9'999)));
  for (int i = 0; i < 40; ++i) rank.missed(kRankStart);
  CHECK(rank.resting(kRankStart + Millis(299'999)));
  CHECK_FALSE(rank.resting(kRankStart + Millis(300'000)));
  rank.answered(Millis(3));
  rank.missed(kRankStart);
  CHECK_FALSE(rank.resting(kRankStart + Millis(5'000)));
}

TEST_CASE("one that answers late is slow, not dead") {
  Rank rank;
  rank.missed(kRankStart);
  rank.came_late(Millis(200), kRankStart);
  CHECK(rank.resting(kRankStart + Millis(999)));
  CHECK_FALSE(rank.resting(kRankStart + Millis(1'000)));
  rank.missed(kRankStart);
  rank.came_late(Millis(200), kRankStart);
  CHECK(rank.resting(kRankStart + Millis(1'999)));
}

TEST_CASE("the fast and right are asked first; who is nearly always wrong is not asked") {
  Rank fast, slow;
  for (int i = 0; i < 20; ++i) {
    fast.answered(Millis(2));
    slow.answered(Millis(40));
  }
  CHECK(fast.cost() < slow.cost());
  const double before = fast.cost();
  fast.verdict(false, kRankStart);
  CHECK(fast.cost() > before);
  CHECK_FALSE(fast.resting(kRankStart));  // content changes: once is no lie
  for (int i = 0; i < 9; ++i) fast.verdict(false, kRankStart);
  CHECK(fast.resting(kRankStart + Millis(599'000)));
  CHECK_FALSE(fast.resting(kRankStart + Millis(600'000)));
}

TEST_CASE("a busy peer is asked again when it said so") {
  Rank rank;
  rank.busy(Millis(700), kRankStart);
  CHECK(rank.resting(kRankStart + Millis(699)));
  CHECK_FALSE(rank.resting(kRankStart + Millis(700)));
  rank.busy(Millis(60'000'000), kRankStart);
  CHECK_FALSE(rank.resting(kRankStart + Millis(60'000)));
}
