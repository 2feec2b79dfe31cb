// BeaconFinder: a runner's beacon on the board and those of others, at the start and from then on. It knows when; the board
// (beacon.h) knows how. An optional tier: what fails is counted, kept for `status`, told once, and tried again later and later.
//
// A list that has not changed costs no quota, one that has costs a call of the repository's 1,000 an hour or two: so one is
// asked for every five minutes, and more often (after 20, 40, 80, 160 s) only while nobody at all is connected.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "backends/actions/beacon.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/sync.h"
#include "base/time.h"

namespace rfs {

// Since the start. Times are wall seconds, 0: never.
struct BeaconState {
  std::uint64_t hung = 0, listed = 0, failed = 0;
  double hung_at = 0, listed_at = 0;
  std::size_t others = 0;                            // whose time was not over in the last list
  std::optional<Error> hang_trouble, list_trouble;  // of the last attempt
};

class BeaconFinder {
 public:
  // All of it outlives the finder; functions are called on its thread.
  struct Parts {
    BeaconBoard& board;
    CacheService* service;  // null: it looks, and hangs nothing up
    const Clock& clock;
    Counters& counters;
    ErrorRing& errors;
    Bytes self;                                   // peer id
    std::function<std::optional<Beacon>()> own;   // nullopt: there is nothing to hang up now
    std::function<void(std::vector<Beacon>)> found;
    std::function<bool()> lonely;                 // whether nobody is connected
    std::function<bool()> spare;                  // whether there are calls of the quota to spare
  };
  explicit BeaconFinder(Parts parts) : parts_(std::move(parts)) {}
  ~BeaconFinder() { stop(); }

  void start();
  // Returns when its thread has ended. Stop the transports before it: a request under way is waited for.
  void stop();
  // What is due now. Answers after how many seconds something is again. start() calls it; a test may, instead.
  double step();
  BeaconState state() { return *state_.lock(); }  // any thread

 private:
  void hang(double now);
  void look(double now);
  double after_failure(const Error& error, int& failures, std::optional<Error> BeaconState::*trouble);
  void run();

  const Parts parts_;
  // Of the finder's thread: steady times.
  SteadyTime next_hang_{}, next_look_{};
  int hang_failures_ = 0, look_failures_ = 0, lonely_looks_ = 0;

  Sync<BeaconState> state_;
  Sync<bool> stopping_{false};
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace rfs
