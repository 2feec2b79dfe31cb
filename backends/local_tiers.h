// LocalTiers: memory, then disk, as Chain and Cache use them: filling upward, and going on without a disk that fails.
//
// A failing disk (which counts and tells that itself) is a miss, and rests a while. Reads and writes rest each on their
// own: on a full disk everything that is there can still be read. Any thread; at most one SQLite read a call.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "backends/breaker.h"
#include "backends/memory_tier.h"
#include "backends/tier.h"

namespace rfs {

class LocalTiers {
 public:
  // store may be null: memory only.
  LocalTiers(MemoryTier& memory, DiskTier* store, const Clock& clock, Counters& counters);

  // Null: absent, or it cannot be had. `found` says which tier it came from.
  EntryPtr find(const EntryKey& key);
  // A reader is given the entry: what to give, and say of it (MemoryTier::given).
  EntryPtr given(const EntryPtr& entry) { return memory_.given(entry); }
  // In memory at once; on disk soon.
  void put(const EntryPtr& entry);
  // The same body with a new Meta.
  void update(const EntryPtr& entry);
  // On disk soon, and not in memory: nobody reads it as it is. Without a disk it stays in memory.
  void put_below(const EntryPtr& entry);
  // In memory alone.
  void put_above(const EntryPtr& entry) { (void)memory_.put(entry); }
  // On disk when it returns. On failure nothing has changed: an older version stays what readers get.
  Result<> put_now(const EntryPtr& entry, bool sync);
  // Whatever happens it is not answered any longer by this process; a failure says that the disk still has it.
  Result<> remove(const EntryKey& key);
  // Returns when the disk has forgotten what remove() was told, or why it could not.
  Result<> removed(const std::vector<EntryKey>& keys);

  // Names directly below a directory, sorted; what only memory holds is among them.
  std::vector<Listed> list(Space space, const std::string& partition, const std::string& cls,
                           const std::string& directory);
  // "disk reads", "disk writes": what rests after failures in a row.
  std::vector<std::string> resting() const;
  // Each entry of a space, of all partitions, once; the newer one where memory and disk differ.
  void each(Space space, const std::function<void(const Entry&)>& visit);

 private:
  // False: it failed, and the breaker knows.
  template <class T>
  bool went_well(CircuitBreaker& breaker, const Result<T>& result);
  void mark_gone(const EntryKey& key);
  bool is_gone(const EntryKey& key);
  EntryPtr raise(const EntryPtr& from_disk, const MemoryTier::Moment& since);

  MemoryTier& memory_;
  DiskTier* const store_;
  Counters& counters_;
  CircuitBreaker reads_, writes_;
  // Keys that the disk could not be made to forget: absent for this process. Bounded.
  Sync<std::unordered_set<std::string>> gone_;
};

}  // namespace rfs
