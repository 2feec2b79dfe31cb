// Totals: the counters since the store was made, kept in the store. Several processes add to the same totals: each adds
// what it counted since it last did. Any thread.
#pragma once

#include <array>

#include "backends/store/entry_store.h"
#include "base/counters.h"
#include "base/sync.h"

namespace rfs {

class Totals {
 public:
  using Values = std::array<std::uint64_t, static_cast<std::size_t>(Counter::kCount)>;

  Totals(EntryStore& store, Counters& counters) : store_(store), counters_(counters) {}
  // Adds what was counted since the last save to the stored totals, and answers them.
  Result<Values> save();
  // Both the process's counters and, when `totals`, the stored ones.
  Result<> zero(bool totals);

 private:
  EntryStore& store_;
  Counters& counters_;
  Sync<Values> saved_{Values{}};
};

}  // namespace rfs
