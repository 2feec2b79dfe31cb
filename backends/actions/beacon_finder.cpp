#include "backends/actions/beacon_finder.h"

#include <sodium.h>

#include <algorithm>

#include "base/log.h"

namespace rfs {
namespace {

constexpr double kRegular = 300, kLonely = 20;
constexpr double kFailedFirst = 30, kFailedMost = 900, kForbidden = 3600;

// Up to a tenth more: runners that were started together do not come back together.
SteadyTime later(SteadyTime now, double seconds) {
  const double jittered = seconds * (1 + randombytes_uniform(1000) / 10'000.0);
  return now + Millis(static_cast<std::int64_t>(jittered * 1000));
}

double doubled(double first, int times, double most) { return std::min(most, first * (1 << std::min(times, 10))); }

}  // namespace

double BeaconFinder::step() {
  const SteadyTime now = parts_.clock.steady();
  if (parts_.service && now >= next_hang_) hang(parts_.clock.wall());
  if (now >= next_look_) look(parts_.clock.wall());
  const SteadyTime next = parts_.service ? std::min(next_hang_, next_look_) : next_look_;
  return std::max(0.0, std::chrono::duration<double>(next - parts_.clock.steady()).count());
}

void BeaconFinder::hang(double now) {
  double pause = kRegular;
  if (auto own = parts_.own()) {
    const auto hung = parts_.board.announce(*parts_.service, std::move(*own), now);
    if (!hung) {
      pause = after_failure(hung.error(), hang_failures_, &BeaconState::hang_trouble);
    } else {
      hang_failures_ = 0;
      auto state = state_.lock();
      state->hang_trouble.reset();
      if (*hung) {
        parts_.counters.add(Counter::kBeaconsHung);
        ++state->hung;
        state->hung_at = now;
      }
    }
  }
  next_hang_ = later(parts_.clock.steady(), pause);
}

void BeaconFinder::look(double now) {
  double pause = kRegular;
  if (!parts_.spare()) {
    state_.lock()->list_trouble = Error{Code::kLimited, "few calls of GitHub's limit remain: peers are not looked for", {}};
  } else if (auto listed = parts_.board.list(parts_.self, now); !listed) {
    pause = after_failure(listed.error(), look_failures_, &BeaconState::list_trouble);
  } else {
    look_failures_ = 0;
    parts_.counters.add(Counter::kBeaconLists);
    {
      auto state = state_.lock();
      state->list_trouble.reset();
      ++state->listed;
      state->listed_at = now;
      state->others = listed->size();
    }
    parts_.found(std::move(*listed));
    parts_.board.clean(parts_.self, now);
    if (!parts_.lonely())
      lonely_looks_ = 0;
    else
      pause = doubled(kLonely, lonely_looks_++, kRegular);
  }
  next_look_ = later(parts_.clock.steady(), pause);
}

double BeaconFinder::after_failure(const Error& error, int& failures, std::optional<Error> BeaconState::*trouble) {
  if (error.code == Code::kAborted) return kRegular;  // the end of the daemon
  parts_.counters.add(Counter::kBeaconFailures);
  bool told = false;
  {
    auto state = state_.lock();
    ++state->failed;
    std::optional<Error>& last = (*state).*trouble;
    told = last && last->message == error.message;
    last = error;
  }
  if (!told) {
    Error line = error;
    line.message.insert(0, "beacons: ");
    log(Level::kWarning, "{}{}{}", line.message, line.hint.empty() ? "" : "; ", line.hint);
    parts_.errors.add("", line);
  }
  // What a token may not, it may not in a minute either.
  if (error.code == Code::kDenied || error.code == Code::kNoSpace) return kForbidden;
  return doubled(kFailedFirst, failures++, kFailedMost);
}

void BeaconFinder::start() {
  thread_ = std::thread([this] { run(); });
}

void BeaconFinder::run() {
  while (true) {
    const std::chrono::duration<double> pause(step());
    auto stopping = stopping_.lock();
    if (wake_.wait_for(stopping.lock(), pause, [&] { return *stopping; })) return;
  }
}

void BeaconFinder::stop() {
  *stopping_.lock() = true;
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace rfs
