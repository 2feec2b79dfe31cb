// EntryStore: the disk tier of one store: SQLite in WAL mode, every row sealed (runnerfs-formats(7)), shared safely
// by several processes.
//
// Reads are done by the caller's thread on a connection of a small pool. Writes go through one writer thread: put()
// queues and returns; flush() waits until everything queued before it is committed. What is queued is found by
// find() at once (an overlay), so that a reader never sees an older version than it was told of.
//
// A store that cannot be opened, or fails later, is a reason to go on without it, never a reason to stop: it counts and
// tells what failed, and the caller (LocalTiers) lets it rest a while. Nothing is ever deleted that could be recovered:
// a corrupt database is set aside under another name, which is printed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/store/db.h"
#include "backends/tier.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "crypto/key_ring.h"

namespace rfs {

namespace store {
class BodyDraft;
}

struct StoreOptions {
  std::string directory;                 // 0700; the database, objects/, lock in it
  std::uint64_t max_bytes = 2ull << 30;  // bodies and rows; expired first, then least recently used
  std::uint64_t max_entries = 1'000'000;
  bool memory_only = false;  // ":memory:", for job isolation and tests
  DbWords words{};           // which store: cache.db, or that of results.h
};

class EntryStore final : public DiskTier {
 public:
  // Opens or makes the store. Opening an existing one with another key: kNoKey. A newer schema: kUnsupported. An older
  // one is migrated under the exclusive lock. A corrupt database is set aside (NAME.corrupt-<time>), a new one is
  // made, and `notice` says so by name. A read-only directory: opened read-only when the database is there.
  static Result<std::unique_ptr<EntryStore>> open(StoreOptions options, const RootKey& root, const Clock& clock,
                                                  Counters& counters, ErrorRing& errors, std::string& notice);
  ~EntryStore() override;

  Result<EntryPtr> find(const EntryKey& key) override;
  Result<> put(const EntryPtr& entry) override;
  Result<> update(const EntryPtr& entry) override;
  Result<> remove(const EntryKey& key) override;

  // Like put, and returns when it is committed: durable against kill -9. sync: also against power loss (fsync).
  Result<> put_now(const EntryPtr& entry, bool sync) override;
  Result<> flush(bool sync) override;

  // A body that is put once it is complete: see body_draft.h. kReadOnly: nothing can be put.
  Result<std::unique_ptr<store::BodyDraft>> draft_body();

  // Names directly below a directory for one partition and class. Sorted by name.
  Result<std::vector<Listed>> list(Space space, const std::string& partition, const std::string& cls,
                                   const std::string& directory) override;
  // Calls `visit` for each entry of a space (all partitions when null); false ends it. For invalidate by pattern.
  Result<> each(Space space, const std::string* partition, const std::function<bool(const Entry&)>& visit) override;
  // Removes all entries of a space; answers how many.
  Result<std::uint64_t> clear(Space space);

  // Keyed hash under this store's K_part: partitions (identity.h).
  Digest partition_hash(BytesView text) const;

  // True once after another process committed (PRAGMA data_version). Called about once a second by one thread.
  bool changed_by_others();

  // Small values of the store itself ("totals": the counters since it was made). Not secret.
  Result<std::string> get_value(const std::string& name);
  Result<> set_value(const std::string& name, const std::string& value);

  // The seed of this machine's identity among peers: made at the first call, and kept sealed (NODEKEY). kTampered,
  // kNoKey: it is there and cannot be read. Of a store in memory it ends with the process.
  Result<SecretBytes> node_seed();

  struct Usage {
    std::uint64_t entries = 0, bytes = 0, bodies = 0;
    bool read_only = false;
  };
  Usage usage();
  // Whether a store can be opened with this key, and what it holds; changes nothing. For `doctor`. Failures as open(),
  // and kTampered or kBroken for one that open() would set aside; kReadOnly when there is none.
  static Result<Usage> look(const std::string& directory, const RootKey& root, const DbWords& words = {});
  // quick_check, and every record's tag when `records`. The problems found, one a line; empty: sound.
  Result<std::vector<std::string>> check(bool records);
  // "" while writes succeed, else the last write failure in words, until one succeeds again.
  std::string trouble();
  const std::string& directory() const;

 private:
  EntryStore();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
