// Results of scans between jobs: which of them a snapshot takes along, and what becomes of those that arrive. One
// thread at a time.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "backends/results/results.h"

namespace rfs::results {

// The results that may travel, each behind the manifest of its scan: those of this machine and those that a snapshot
// brought; none that a peer sent (hearsay) and none that nobody may rely on. False from `visit` ends it.
Result<> each_travelling(Results& results, const std::function<bool(const Entry&)>& visit);

// Takes in what arrives, as if it was stored anew: checked and summarised again, of the age that it has.
class Arrivals {
 public:
  enum class Fate {
    kTaken,
    kKept,    // what is here is the same, or as new
    kRefused  // no result, no SARIF, or of another repository
  };
  // channel: the class that its way proves. repository: of which results are taken, in lower case; "": of any. results
  // outlives it.
  Arrivals(Results& results, std::string channel, std::string repository)
      : results_(results), channel_(std::move(channel)), repository_(std::move(repository)) {}
  // A result, or a manifest for one that follows; its body is in memory. A failure is the store's. The class of a
  // result becomes the lowest of what is recorded, what the way proves, and what the job is that takes it in.
  Result<Fate> take(const Entry& entry);

 private:
  Result<Fate> take_manifest(const Entry& entry);

  Results& results_;
  const std::string channel_, repository_;
  std::map<std::string, std::string> manifests_;  // by digest
  std::size_t held_ = 0;                          // bytes of these
};

}  // namespace rfs::results
