// SnapshotReader: the entries of a snapshot, one after the other, as its bytes come. Nothing is allocated that only a
// length in the file asks for: memory grows with bytes that are there (and, when sealed, are authentic). One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "backends/actions/snapshot_frame.h"
#include "backends/actions/snapshot_head.h"
#include "backends/entry.h"
#include "crypto/record.h"

namespace rfs {

class SnapshotReader {
 public:
  // Reads the head. kInvalid, kUnsupported: decode_head(). Other failures are the source's.
  static Result<SnapshotReader> open(ByteSource source, std::uint64_t body_most);
  const SnapshotHead& head() const { return head_; }

  // Reads the first part. key: snapshot_key(); may be null when it is not sealed. kTampered: it does not authenticate:
  // another key, another repository's, or changed. previous: the key before a rotation, tried second; may be null.
  Result<> begin(const SecretBytes* key, const SecretBytes* previous = nullptr);
  // Whether it was the previous key that opened it.
  bool rotated() const { return rotated_; }
  double created() const { return static_cast<double>(created_); }

  // The next entry, its body in memory and checked against its SHA-256; nullopt at the end, when all parts were there.
  // After a failure there is nothing more; what came before it is good.
  Result<std::optional<std::shared_ptr<Entry>>> next();

 private:
  explicit SnapshotReader(ByteSource source, std::uint64_t body_most)
      : frames_(std::move(source)), body_most_(body_most) {}
  Result<> begin_part();
  // The opener of a sealed part by its header.
  Result<Opener> open_part(const SecretBytes& key, BytesView header) const;
  Result<> chunk();
  Result<bool> more();
  // Appends exactly `size` bytes of the part.
  template <class Out>
  Result<> take(std::uint64_t size, Out& out);
  template <class Integer>
  Result<Integer> integer();

  FrameReader frames_;
  std::uint64_t body_most_;
  SnapshotHead head_;
  SecretBytes key_, previous_key_;
  std::uint64_t created_ = 0, parts_ = 1, part_ = 0;  // part_: how many were begun
  std::optional<Opener> opener_;
  std::uint8_t flags_ = 0;
  bool rotated_ = false;
  std::uint32_t index_ = 0;
  bool ended_ = true;  // the last chunk of the part was read
  Bytes plain_;        // of the present chunk
  std::size_t at_ = 0;
};

}  // namespace rfs
