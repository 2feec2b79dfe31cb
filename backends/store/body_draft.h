// BodyDraft: a body that is sealed while it arrives: none of it lies in clear on any disk, and of a large one no more than
// a chunk is in memory. What it becomes is put with an entry, and is not sealed again.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "backends/store/seal_body.h"
#include "base/sync.h"

namespace rfs::store {

// A body that is sealed and not committed yet. Any thread. Its file is removed with it unless its row was committed.
class DraftedBody final : public Body {
 public:
  DraftedBody(std::shared_ptr<Database> database, SealedBody sealed, std::uint64_t size, std::vector<std::uint64_t> offsets)
      : database_(std::move(database)), sealed_(std::move(sealed)), size_(size), offsets_(std::move(offsets)) {}
  ~DraftedBody() override;

  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) const override;
  std::size_t memory() const override;

  bool is_of(const Database& database) const { return database_.get() == &database; }
  const SealedBody& sealed() const { return sealed_; }
  void committed() const { *committed_.lock() = true; }
  bool is_committed() const { return *committed_.lock(); }

 private:
  Result<Bytes> chunk(std::uint64_t index) const;

  const std::shared_ptr<Database> database_;
  const SealedBody sealed_;
  const std::uint64_t size_;
  const std::vector<std::uint64_t> offsets_;  // of the chunks in the file, and its end; empty for rows
  mutable Sync<bool> committed_{false};
};

// One thread at a time. Dropped before finish(), nothing is left of it.
class BodyDraft {
 public:
  explicit BodyDraft(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  // kNoSpace, and what else a disk answers; then nothing may follow.
  Result<> append(BytesView bytes);
  // The body. Once.
  Result<std::shared_ptr<const Body>> finish();
  std::uint64_t size() const { return size_; }

 private:
  Result<> begin();
  Result<> seal(BytesView plain, bool last);

  const std::shared_ptr<Database> database_;
  Bytes pending_;  // all of it while it is small, then less than a chunk, or one
  std::uint64_t size_ = 0;
  // From the moment that it is too large for a few rows.
  std::optional<ChunkStream> stream_;
  std::optional<Objects::Draft> file_;  // none: a store in memory, whose chunks are rows
  SealedBody sealed_;
  Bytes lengths_;
  std::vector<std::uint64_t> offsets_;
};

}  // namespace rfs::store
