#include "backends/actions/beacon_finder.h"

#include "tests/unit/actions/board.h"

using namespace rfs;
using namespace rfs::test;

namespace {

// A finder whose time is the test's.
struct Search {
  Board b;
  Kept service;
  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  bool lonely = true, spare = true, reachable = true;
  std::vector<std::vector<Beacon>> found;
  BeaconFinder finder;

  explicit Search(bool hangs = true) : finder(parts(hangs)) { clock.set_wall(kBoardNow); }
  BeaconFinder::Parts parts(bool hangs) {
    return {b.board,
            hangs ? &service : nullptr,
            clock,
            counters,
            errors,
            Bytes(38, 1),
            [this] { return reachable ? std::optional(peer_beacon(1, 0)) : std::nullopt; },
            [this](std::vector<Beacon> one) { found.push_back(std::move(one)); },
            [this] { return lonely; },
            [this] { return spare; }};
  }
  // Goes on to what is due next; the pause until then.
  double go_on() {
    const double pause = finder.step();
    clock.advance(pause + 0.001);
    return pause;
  }
  std::size_t lists() const { return counters.get(Counter::kBeaconLists); }
  // Lists within so many seconds.
  std::size_t lists_within(double seconds) {
    const double end = clock.wall() + seconds;
    const std::size_t before = lists();
    while (clock.wall() < end) go_on();
    return lists() - before;
  }
};

bool about(double value, double wanted) { return value >= wanted && value <= wanted * 1.11; }

}  // namespace

TEST_CASE("a runner hangs up its beacon, then looks for those of others") {
  Search s;
  s.b.hang(peer_beacon(1, kBoardNow - 60));
  s.b.hang(peer_beacon(2, kBoardNow - 60));
  CHECK(about(s.finder.step(), 20));
  REQUIRE(s.service.keys.size() == 1);
  CHECK(decode_beacon(key_of_board(), kNetwork, s.service.keys[0])->seen == kBoardNow);
  REQUIRE(s.found.size() == 1);
  REQUIRE(s.found[0].size() == 1);
  CHECK(s.found[0][0].peer_id == Bytes(38, 2));
  const BeaconState state = s.finder.state();
  CHECK(state.hung == 1);
  CHECK(state.hung_at == kBoardNow);
  CHECK(state.listed == 1);
  CHECK(state.others == 1);
  CHECK_FALSE(state.hang_trouble);
  CHECK_FALSE(state.list_trouble);
  CHECK(s.counters.get(Counter::kBeaconsHung) == 1);
  CHECK(s.counters.get(Counter::kBeaconFailures) == 0);
}

TEST_CASE("who is alone looks more often at first, who is not every five minutes") {
  Search s;
  s.finder.step();
  CHECK(s.lists_within(600) <= 6);
  CHECK(s.lists() >= 5);
  CHECK(s.lists_within(3'600) <= 12);
  s.lonely = false;
  CHECK(s.lists_within(3'600) <= 12);
  CHECK(s.service.keys.size() >= 22);  // two hours and more, a beacon lives for a quarter of an hour
  CHECK(s.service.keys.size() <= 28);
  // Alone again: it begins anew.
  s.lonely = true;
  CHECK(s.lists_within(600) >= 4);
}

TEST_CASE("a token that may not list is left alone for an hour, and said once") {
  Search s;
  int refused = 0;
  Script script([&](const HttpRequest&) -> HttpResult {
    ++refused;
    return says(403);
  });
  Web web(script, impatient());
  BeaconBoard board(Board::options(), Board::keys(), [] { return nullptr; }, web);
  BeaconFinder finder({board, nullptr, s.clock, s.counters, s.errors, Bytes(38, 1), [] { return std::nullopt; },
                       [](std::vector<Beacon>) { FAIL("nothing was found"); }, [] { return true; }, [] { return true; }});
  CHECK(about(finder.step(), 3'600));
  REQUIRE(finder.state().list_trouble);
  CHECK(finder.state().list_trouble->hint.find("actions: read") != std::string::npos);
  s.clock.advance(4'000);
  finder.step();
  CHECK(refused == 2);
  CHECK(s.errors.size() == 1);
  CHECK(s.errors.jsonl().find("beacons: ") != std::string::npos);
  CHECK(s.counters.get(Counter::kBeaconFailures) == 2);
  CHECK(finder.state().failed == 2);
}

TEST_CASE("a service that fails is tried later and later, and looking goes on without it") {
  Search s;
  s.service.refusal = Error{Code::kBroken, "the Actions cache stores: 500", ""};
  double last = 0;
  std::size_t tries = 0;
  const double end = kBoardNow + 3'600;
  while (s.clock.wall() < end) {
    s.go_on();
    if (const std::uint64_t failed = s.finder.state().failed; failed != tries) {
      tries = failed;
      last = s.clock.wall();
    }
  }
  CHECK(tries >= 5);
  CHECK(tries <= 10);
  CHECK(end - last < 1'000);
  CHECK(s.lists() >= 10);
  CHECK(s.errors.size() == 1);
  // It works again: a second failure of the same kind is news.
  s.service.refusal.reset();
  s.lists_within(1'000);
  CHECK(s.service.keys.size() >= 1);
  CHECK_FALSE(s.finder.state().hang_trouble);
  s.service.refusal = Error{Code::kBroken, "the Actions cache stores: 500", ""};
  s.lists_within(1'000);
  CHECK(s.errors.size() == 2);
}

TEST_CASE("who cannot be reached looks, and where the quota is nearly used up nobody does") {
  Search s(false);
  CHECK(about(s.finder.step(), 20));
  CHECK(s.lists() == 1);
  Search mute;
  mute.reachable = false;
  mute.finder.step();
  CHECK(mute.service.keys.empty());
  CHECK(mute.lists() == 1);
  Search poor;
  poor.spare = false;
  poor.finder.step();
  CHECK(poor.service.keys.size() == 1);  // costs none
  CHECK(poor.b.script.asked.empty());
  CHECK(poor.finder.state().list_trouble->code == Code::kLimited);
  CHECK(poor.counters.get(Counter::kBeaconFailures) == 0);
}

TEST_CASE("its thread ends when it is told to") {
  Search s;
  s.finder.start();
  s.finder.stop();
  s.finder.stop();
  CHECK(s.counters.get(Counter::kBeaconLists) <= 1);
}
