// Cache's inside, shared by cache.cpp (what users do) and cache_receive.cpp (what peers do).
#pragma once

#include <array>
#include <functional>
#include <mutex>

#include "backends/cache/cache.h"
#include "backends/local_tiers.h"

namespace rfs {

// An entry dated further ahead than this is not believed: the clock stepped, or somebody lies.
inline constexpr double kCacheClockSlack = 300;

inline bool cache_expired(const Entry& entry, double now) {
  return now > entry.meta.expires_at || entry.meta.fetched_at > now + kCacheClockSlack;
}

inline Result<EntryKey> cache_entry_key(const std::string& key) {
  TRY_ASSIGN(std::string name, name_of_cache_key(key));
  return EntryKey{Space::kCache, "", "", key, "", std::move(name)};
}

struct Cache::Impl {
  Impl(CacheOptions o, MemoryTier& memory, DiskTier* store, const Clock& c, Counters& n, ErrorRing& e)
      : options(std::move(o)), local(memory, store, c, n), clock(c), counters(n), errors(e) {}

  const CacheOptions options;
  LocalTiers local;
  const Clock& clock;
  Counters& counters;
  ErrorRing& errors;
  std::function<void(const EntryPtr&)> told;
  std::function<bool(const std::string& key)> absent;

  // Changes of one key happen in memory and on disk in the same order, or the two would differ for good. So a lock is
  // held over the store's commit; keys are spread over several, and find() takes one only to remove what expired.
  std::array<std::mutex, 64> changing;
  std::mutex& change(const std::string& key) { return changing[std::hash<std::string>()(key) % changing.size()]; }

  // The entry when it has not expired. An expired one is removed and counted, once.
  EntryPtr live(const EntryKey& at);
  // REQUIRES: change(key) is held.
  EntryPtr live_locked(const EntryKey& at);
  Result<EntryPtr> make(const EntryKey& at, std::string document, int ttl);
};

}  // namespace rfs
