// StoredBody: a body that stays sealed on disk and is opened chunk by chunk as it is read, in any order. Holds one
// chunk in clear, and a pin, so that the body outlives its entry for as long as somebody reads it. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backends/body.h"
#include "backends/store/codec.h"
#include "backends/store/database.h"
#include "crypto/record.h"

namespace rfs::store {

class StoredBody final : public Body {
 public:
  // path: as the user sees it, for errors.jsonl.
  StoredBody(std::shared_ptr<Database> database, BodyRef ref, std::uint64_t raw_len, std::string path);

  std::uint64_t size() const override { return size_; }
  // A failure is also remembered by Faults: find() then answers the error, so that the body is fetched again.
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) const override;
  std::size_t memory() const override;

  const BodyRef& ref() const { return ref_; }
  bool is_of(const Database& database) const { return database_.get() == &database; }
  // The name of this body in the memory of Faults.
  static std::string record_name(const Id16& id);
  bool spoiled() const { return database_->faults().is_spoiled(record_name(ref_.id)); }

 private:
  struct State {
    std::optional<Opener> opener;
    std::vector<std::uint64_t> offsets;  // of the chunks in the file, and its end; empty until needed, or for rows
    std::uint64_t cached_index = 0;
    Bytes cached;
    bool has_cached = false;
  };
  Result<> load(State& state, std::uint64_t index) const;
  Result<> start(State& state) const;
  Result<> load_index(State& state) const;
  Result<Bytes> row(std::uint64_t index) const;
  std::uint64_t chunks() const { return size_ == 0 ? 1 : (size_ + kChunk - 1) / kChunk; }
  std::size_t chunk_size(std::uint64_t index) const;

  const std::shared_ptr<Database> database_;
  const BodyRef ref_;
  const std::uint64_t size_;
  const std::string path_;
  const std::shared_ptr<const Locks::Pin> pin_;
  mutable std::mutex mutex_;  // held while a chunk is read and opened: two readers of one body share the work
  mutable State state_;
};

}  // namespace rfs::store
