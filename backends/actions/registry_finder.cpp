#include "backends/actions/registry_finder.h"

#include <sodium.h>

#include <algorithm>

#include "base/log.h"

namespace rfs {
namespace {

constexpr double kFirstLonely = 20, kFirstFailed = 60, kMostFailed = 900, kRefused = 3600;

// Up to a tenth more: runners that were started together do not come back together.
double spread(double seconds) { return seconds * (1 + randombytes_uniform(1000) / 10'000.0); }
double growing(double first, int times, double most) { return std::min(most, first * (1 << std::min(times, 10))); }

}  // namespace

double RegistryFinder::step() {
  if (!parts_.spare()) {
    state_.lock()->trouble = Error{Code::kLimited, "few calls of GitHub's limit remain: the registry of peers is not asked", {}};
    return spread(parts_.interval);
  }
  const double now = parts_.clock.wall();
  const auto own = parts_.own();
  auto round = parts_.registry.round(own ? &*own : nullptr, parts_.self, now);
  if (!round) return spread(after_failure(round.error()));
  parts_.counters.add(Counter::kRegistryLists);
  if (round->told) parts_.counters.add(Counter::kRegistryEntries);
  {
    auto state = state_.lock();
    ++state->listed;
    state->listed_at = now;
    state->others = round->others.size();
    if (round->told) {
      ++state->told;
      state->told_at = now;
    }
    if (!round->untold) state->trouble.reset();
  }
  parts_.found(std::move(round->others));
  if (round->untold) return spread(after_failure(*round->untold));
  failures_ = 0;
  parts_.registry.clean(now);
  if (parts_.lonely()) return spread(growing(kFirstLonely, lonely_rounds_++, parts_.interval));
  lonely_rounds_ = 0;
  return spread(parts_.interval);
}

double RegistryFinder::after_failure(const Error& error) {
  if (error.code == Code::kAborted) return parts_.interval;  // the end of the daemon
  parts_.counters.add(Counter::kRegistryFailures);
  bool told = false;
  {
    auto state = state_.lock();
    ++state->failed;
    told = state->trouble && state->trouble->message == error.message;
    state->trouble = error;
  }
  if (!told) {
    Error line = error;
    line.message.insert(0, "registry of peers: ");
    log(Level::kWarning, "{}{}{}", line.message, line.hint.empty() ? "" : "; ", line.hint);
    parts_.errors.add("", line);
  }
  // What a token may not, it may not in a minute either.
  return error.code == Code::kDenied ? kRefused : growing(kFirstFailed, failures_++, kMostFailed);
}

void RegistryFinder::start() {
  thread_ = std::thread([this] { run(); });
}

void RegistryFinder::run() {
  while (true) {
    const std::chrono::duration<double> pause(step());
    auto stopping = stopping_.lock();
    if (wake_.wait_for(stopping.lock(), pause, [&] { return *stopping; })) return;
  }
}

void RegistryFinder::stop() {
  *stopping_.lock() = true;
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace rfs
