// MemoryTier: the first tier, least recently used first out, bounded by bytes and entries. Any thread.
//
// The store below it is shared with other processes, and is read without a lock of ours. So an entry read from there
// is filled in only if nothing was removed meanwhile (Moment), and what is here is doubted when another process
// changed the store: a doubted entry is answered as absent, so that the store is asked again.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/tier.h"
#include "base/counters.h"
#include "base/sync.h"

namespace rfs {

struct MemoryOptions {
  std::uint64_t max_bytes = 64u << 20;
  std::size_t max_entries = 5000;
  std::uint64_t max_entry = 4u << 20;  // larger ones stay on disk
};

class MemoryTier final : public LocalTier {
 public:
  struct Moment {
    std::uint64_t generation = 0, removals = 0;
  };

  MemoryTier(MemoryOptions options, Counters& counters);
  // Never fails; null: absent, or doubted. `found` says where it came from until a reader was given it, then kMemory:
  // so that one can ask where the bytes of the last read were found.
  Result<EntryPtr> find(const EntryKey& key) override;
  // One larger than max_entry, or whose bytes are still on disk, is not kept, but an older version of it is forgotten.
  Result<> put(const EntryPtr& entry) override;
  Result<> update(const EntryPtr& entry) override { return put(entry); }
  Result<> remove(const EntryKey& key) override;

  // A reader is given the entry; answers what to give: `found` is kMemory from the second time on.
  EntryPtr given(const EntryPtr& entry);

  // Before the store is read; fill() compares with it.
  Moment moment();
  // Keeps what the store answered, unless there is a newer version here or something was removed since.
  void fill(const EntryPtr& entry, const Moment& since);
  // What is here, doubted or not: when the store cannot be asked.
  EntryPtr find_doubted(const EntryKey& key);
  // The store was asked and does not have it.
  void drop_doubted(const EntryKey& key);

  // Every entry that matches; used by invalidate and flush. Answers how many.
  std::uint64_t remove_if(const std::function<bool(const Entry&)>& matches);
  // Another process changed the store: what is here must be confirmed by it (cheap: a generation number).
  void doubt_all();
  // Every entry that is not doubted, most recently used first. `visit` is called under the lock: no calls back.
  void each(const std::function<void(const EntryPtr&)>& visit);
  std::size_t entries();
  std::uint64_t bytes();

 private:
  struct Slot {
    std::string id;  // unique_text of its key
    EntryPtr entry;
    std::uint64_t generation;
    std::uint64_t cost;
    bool given;
  };
  using Order = std::list<Slot>;
  struct State {
    Order order;  // most recently used first
    std::unordered_map<std::string, Order::iterator> index;
    std::uint64_t bytes = 0;
    Moment now;
  };
  void insert(State& state, std::string id, const EntryPtr& entry, std::uint64_t generation);
  static void erase(State& state, Order::iterator slot);
  const MemoryOptions options_;
  Counters& counters_;
  Sync<State> state_;
};

}  // namespace rfs
