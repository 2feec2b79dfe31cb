// Batch: what the writer thread takes off its queue and puts into one transaction.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backends/entry.h"
#include "backends/store/database.h"

namespace rfs::store {

// One thing to be written.
struct Op {
  enum class Kind {
    kPut,     // entry
    kUpdate,  // entry: new facts, same body
    kRemove,  // key
    kValue,   // name, value
    kClear,   // space; alone in its batch
    kFlush,   // nothing: done when everything before it is
  };
  Kind kind = Kind::kFlush;
  EntryKey key;
  EntryPtr entry;
  Space space = Space::kApi;
  std::string name, value;
  bool sync = false;  // durable against a power cut
  std::uint64_t seq = 0;
  // The one who waits, if anybody: how many entries (kClear), or why not.
  std::shared_ptr<std::promise<Result<std::uint64_t>>> done;
};

// Entries that were read: id → when (milliseconds).
using Touches = std::vector<std::pair<Digest, std::int64_t>>;

// All of it, or nothing. kStale: prepare again. REQUIRES: no kClear among the ops.
Result<> write_batch(const std::shared_ptr<Database>& database, std::span<const Op> ops, const Touches& touches,
                     std::int64_t now_ms);

}  // namespace rfs::store
