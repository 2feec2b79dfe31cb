// SnapshotWriter: entries into a file, part by part. Nothing in it can be read before finish(): the first part, which says
// how many there are, is written last. One thread at a time; holds one chunk, whatever is written.
#pragma once

#include <cstdint>
#include <optional>

#include "backends/actions/snapshot_head.h"
#include "backends/entry.h"
#include "crypto/record.h"

namespace rfs {

class SnapshotWriter {
 public:
  // key: snapshot_key(); null for one that is not sealed. fd: an empty file, which outlives the writer.
  static Result<SnapshotWriter> start(int fd, SnapshotHead head, const SecretBytes* key);

  // What the reader gets of it: no partition. A body that cannot be read leaves the file unusable.
  Result<> add(const Entry& entry);
  // Answers the length of the file.
  Result<std::uint64_t> finish(double created);

  std::uint64_t entries() const { return entries_; }
  std::uint64_t bytes() const { return bytes_; }  // of the entries, before compression

 private:
  SnapshotWriter() = default;
  Result<> begin_part();
  Result<> end_part();
  Result<> put(BytesView bytes);
  Result<> chunk(BytesView plaintext, bool last);
  Result<> out(BytesView bytes);

  int fd_ = -1;
  SnapshotHead head_;
  SecretBytes key_;  // of this repository's records; empty: not sealed
  std::uint64_t at_ = 0, first_at_ = 0;
  std::uint64_t parts_ = 1;  // the first one, and those begun
  std::optional<Sealer> sealer_;
  bool in_part_ = false;
  std::uint64_t part_bytes_ = 0;
  Bytes pending_;
  std::uint64_t entries_ = 0, bytes_ = 0;
};

}  // namespace rfs
