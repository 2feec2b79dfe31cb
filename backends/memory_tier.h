// MemoryTier: the first tier, least recently used first out, bounded by bytes and entries. Any thread.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

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
  MemoryTier(MemoryOptions options, Counters& counters);
  // An entry put before the last forget_all_known() is answered as absent once, so that the store is asked again.
  Result<EntryPtr> find(const EntryKey& key) override;
  Result<> put(const EntryPtr& entry) override;
  Result<> update(const EntryPtr& entry) override;
  Result<> remove(const EntryKey& key) override;
  // Every entry of the space whose key's canonical text matches; used by invalidate and flush.
  void remove_if(const std::function<bool(const Entry&)>& matches);
  // Another process changed the store: what is here must be confirmed by it (cheap: a generation number).
  void doubt_all();
  std::size_t entries();
  std::uint64_t bytes();

 private:
  struct Slot {
    EntryPtr entry;
    std::uint64_t generation;
    std::uint64_t cost;
  };
  struct State {
    std::list<Slot> order;  // most recently used first
    std::unordered_map<std::string, std::list<Slot>::iterator> index;
    std::uint64_t bytes = 0;
    std::uint64_t generation = 0;
  };
  void insert(State& state, const EntryPtr& entry);
  const MemoryOptions options_;
  Counters& counters_;
  Sync<State> state_;
};

}  // namespace rfs
