// Cache: the operation results of cache/. Memory, disk, peers (when there are any); never GitHub.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/memory_tier.h"
#include "backends/tier.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/result.h"

namespace rfs {

struct CacheOptions {
  int default_ttl = 300;                                    // seconds
  std::vector<std::pair<std::string, int>> operation_ttls;  // over the reference's table
  std::uint64_t max_document = 100u << 20;
};

// An entry as a peer sent it. Nothing of it is checked yet but the JSON and the hash of the validation fields.
struct CacheArrival {
  std::string key;
  std::string document;  // JSON
  double timestamp = 0;  // when its origin made it, wall seconds
  int ttl = 0;           // seconds from then
  std::string content_hash, validation_fields;  // "" where there are none; the fields as they are hashed
  std::string peer;                             // who sent it
};

class Cache {
 public:
  // store may be null: memory only.
  Cache(CacheOptions options, MemoryTier& memory, DiskTier* store, const Clock& clock, Counters& counters,
        ErrorRing& errors);

  // The entry, or null when absent or expired (an expired one is removed and counted). Any thread; one SQLite read.
  // count: a read by a user, which hits and misses count; false for LOOKUP and stat.
  Result<EntryPtr> find(const std::string& key, bool count);
  // Stores any JSON document; committed when it returns. ttl < 0: by operation, else the default. sync: also fsynced.
  // kInvalid with the byte position when it is not JSON, or when the key is not one.
  Result<EntryPtr> put(const std::string& key, std::string document, int ttl, bool sync);
  // Removes one key, or by a pattern with * and ?; answers how many.
  Result<std::uint64_t> remove(const std::string& key_or_pattern);
  // Current validation fields (a JSON object) whose hash differs expire the entry. True: it is still valid.
  // kNotFound when there is no such entry.
  Result<bool> validate(const std::string& key, std::string_view fields);
  Result<> set_ttl(const std::string& key, int seconds);
  // Keeps what a peer sent. False: it is no news (ours is as new). kInvalid, kNameTooLong: no key; kExpired: its time is
  // over, or begins more than five minutes ahead; kTooLarge. Any thread but a FUSE worker.
  Result<bool> receive(const CacheArrival& arrival);
  // `told` is called with each entry that put() stored, after it was; not with those that peers sent. Before serving.
  void on_put(std::function<void(const EntryPtr&)> told);
  // Who is asked, by LOOKUP alone, for an entry that is not here; true: it is now. Before serving.
  void on_absent(std::function<bool(const std::string& key)> ask);
  // As find() without counting; an absent one is asked for.
  Result<EntryPtr> look(const std::string& key);
  // What was put here within the last `seconds`, newest first, at most `most`. Reads the store.
  std::vector<EntryPtr> recent(double seconds, std::size_t most);
  Result<std::vector<Listed>> list();

  // What rests after failures in a row (LocalTiers::resting).
  std::vector<std::string> resting() const;

  int ttl_of(std::string_view key) const;  // by operation, else the default

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// A key as a file name and back: '/' is %2F, '%' is %25. kInvalid: empty, ".", "..", bytes below 0x20 or 0x7f, a broken
// escape; kNameTooLong: over 255 bytes escaped.
Result<std::string> cache_key_of_name(std::string_view name);
Result<std::string> name_of_cache_key(std::string_view key);

}  // namespace rfs
