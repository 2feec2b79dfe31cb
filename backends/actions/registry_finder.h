// RegistryFinder: a node's entry in the registry of peers and those of others, at the start and from then on. It knows when;
// the registry (peer_registry.h) knows how. An optional tier: what fails is counted, kept for `status`, told once, and tried
// again later and later, while peers are found as they are without a registry.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "backends/actions/peer_registry.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/sync.h"
#include "base/time.h"

namespace rfs {

// Since the start. Times are wall seconds, 0: never.
struct RegistryState {
  std::uint64_t told = 0, listed = 0, failed = 0;
  double told_at = 0, listed_at = 0;
  std::size_t others = 0;         // in the last list
  std::optional<Error> trouble;  // of the last attempt
};

class RegistryFinder {
 public:
  // All of it outlives the finder; functions are called on its thread.
  struct Parts {
    PeerRegistry& registry;
    const Clock& clock;
    Counters& counters;
    ErrorRing& errors;
    std::string self;  // peer id, as text
    double interval;   // seconds
    std::function<std::optional<RegistryPeer>()> own;  // nullopt: there is nothing to tell now
    std::function<void(std::vector<RegistryPeer>)> found;
    std::function<bool()> lonely;  // whether nobody is connected
    std::function<bool()> spare;   // whether there are calls of the quota to spare
  };
  explicit RegistryFinder(Parts parts) : parts_(std::move(parts)) {}
  ~RegistryFinder() { stop(); }

  void start();
  // Returns when its thread has ended. Stop the transport before it: a request under way is waited for.
  void stop();
  // One round. Answers after how many seconds the next one is due. start() calls it; a test may, instead.
  double step();
  RegistryState state() { return *state_.lock(); }  // any thread

 private:
  double after_failure(const Error& error);
  void run();

  const Parts parts_;
  int failures_ = 0, lonely_rounds_ = 0;  // of the finder's thread
  Sync<RegistryState> state_;
  Sync<bool> stopping_{false};
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace rfs
