// Preparer: makes ready, before a transaction begins, what a batch of writes needs: reads, sealing, large files.
// Belongs to the writer thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "backends/store/body_draft.h"

namespace rfs::store {

// One entry, ready to be written by Rows.
struct PreparedEntry {
  EntryKey key;
  Digest id{};
  Bytes meta;  // sealed
  std::int64_t expires_ms = 0;
  std::optional<Id16> body_id;
  // The body's own rows, when it is not in the database yet.
  std::optional<SealedBody> fresh;
  Digest digest{};  // of a fresh body
  // Keeps the body from being collected until the entry that refers to it is committed.
  std::shared_ptr<const void> keep;
};

class Preparer {
 public:
  explicit Preparer(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  // Removes the files of fresh bodies, unless committed.
  ~Preparer();
  Preparer(const Preparer&) = delete;
  Preparer& operator=(const Preparer&) = delete;

  // The entry and its body. A body that the store holds already (same bytes, read and compared) is shared.
  Result<PreparedEntry> put(const Entry& entry);
  // New facts to the body that the store holds; like put when it holds another, or none.
  Result<PreparedEntry> update(const Entry& entry);
  void committed();

 private:
  struct Held {
    BodyRef ref;
    std::shared_ptr<const void> keep;
  };
  Result<std::optional<Held>> find_held(const Entry& entry, const Digest& digest);
  Result<PreparedEntry> finish(const Entry& entry, MetaRecord record);
  Result<std::optional<Bytes>> read_meta(const Digest& id);

  const std::shared_ptr<Database> database_;
  std::vector<Id16> files_;
  std::vector<std::shared_ptr<const DraftedBody>> drafts_;
  std::map<Digest, Held> in_batch_;  // bodies that this batch writes
};

}  // namespace rfs::store
