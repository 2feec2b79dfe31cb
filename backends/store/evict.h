// Evict: what leaves a store by itself. Belongs to the writer thread; each call is one short transaction, so that
// readers of other processes and the next put wait for a moment at most.
#pragma once

#include <cstdint>
#include <memory>

#include "backends/entry.h"
#include "backends/store/database.h"
#include "backends/store/rows.h"

namespace rfs::store {

struct Limits {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};

// Removes some entries, expired ones first, then those that were not used for longest. Answers how many; 0: the store
// is within 15/16 of its limits, or was within them to begin with (`started` is false), or is empty.
Result<std::uint64_t> evict_some(Database& database, const Limits& limits, std::int64_t now_ms, bool started);

// Removes some entries of a space. Answers how many; 0: there are none.
Result<std::uint64_t> clear_some(Database& database, Space space, std::int64_t now_ms);

// Removes some bodies that no entry refers to, their rows and files, but none that was let go of in the last two
// seconds (a reader may have found it and not pinned it yet) and none that is pinned. Answers how many were removed.
Result<std::uint64_t> collect_some(Database& database, std::int64_t now_ms);

// What kill -9 or damage can leave behind: files of objects/ without a row, bodies that no entry refers to and that
// are not marked so. Walks the whole table of bodies, a page at a time; answers false when there is more to walk.
class Sweep {
 public:
  explicit Sweep(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  Result<bool> some(std::int64_t now_ms);

 private:
  const std::shared_ptr<Database> database_;
  Bytes after_;
  bool files_done_ = false;
};

}  // namespace rfs::store
