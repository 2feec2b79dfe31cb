// Counters of the whole program, one relaxed atomic each: the numbers of stats.json and of the Prometheus metrics.
// Names are the reference's where it has one. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace rfs {

enum class Counter : std::uint8_t {
  kHits, kMisses, kPeerHits, kLocalHits, kMemoryHits, kDiskHits,
  kApiCallsMade,     // requests sent to the origin
  kApiCallsSaved,    // reads answered without a request that costs quota
  kRevalidated,      // 304 answers
  kProven,           // 304 answers to a recomputed ETag of another token's entry
  kCoalesced,        // readers that joined a request under way
  kStaleServed, kNegativeHits, kExpirations, kEvictions, kInvalidations,
  kOriginErrors, kRateLimited, kRetries,
  kStoreErrors, kStoreWrites, kTampered, kBreakerOpened,
  kOpens, kReads, kBytesRead, kLookups, kGetattrs, kReaddirs, kWrites, kInterrupted, kDeadlines, kStaleNodes,
  kSocketRequests, kErrors,
  kMessages,         // told to peers or by them: questions, answers, tokens
  kBytesSent, kBytesReceived,  // to and from peers, on the wire
  kCacheShared, kCacheReceived, kCacheRefused,  // entries of cache/: taken by a peer, kept from one, not kept
  kPeerAsks, kPeerLate, kPeerWrong,  // questions to peers; those without an answer in time; bodies that GitHub did not confirm
  kPeerServed,       // bodies given to peers
  kPeerRefused,      // peers sent away: strangers, broken formats
  kPeerTurnedAway, kPeerUnfinished,  // connections beyond the limits; those that ended before they came up
  kBeaconsHung, kBeaconLists, kBeaconFailures,  // on the Actions cache: our own, lists of them, either in vain
  kRegistryEntries, kRegistryLists, kRegistryFailures,  // in the registry of peers: our own, lists, either in vain
  kScansCached, kScansRetrieved,  // results stored; SARIF files opened
  kScansSkipped, kScansSkippedUntimed,  // skips answered; those of them whose scan took nobody knows how long
  kScanSecondsSaved,  // of the others
  kCount
};

class Counters {
 public:
  void add(Counter counter, std::uint64_t n = 1) { values_[static_cast<std::size_t>(counter)].fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t get(Counter counter) const { return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed); }
  void zero() {
    for (auto& value : values_) value.store(0, std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Counter::kCount)> values_{};
};

// snake_case, as in stats.json: "hits", "api_calls_made".
std::string_view counter_name(Counter counter);

}  // namespace rfs
