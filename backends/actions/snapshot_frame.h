// The frames of a snapshot file. The whole file is a sequence of zstd frames, so that `zstd -t` checks it: what is sealed
// or describes lies in skippable frames (RFC 8878, 3.1.2), what is neither sealed nor small in frames of its own.
// runnerfs-formats(7), "SNAPSHOTS". One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace rfs {

// The next bytes of a file, at most as many as fit; 0 at its end.
using ByteSource = std::function<Result<std::size_t>(MutableBytes)>;

enum class FrameKind : std::uint8_t {
  kHead = 1,   // encode_head()
  kPart = 2,   // begins a part: the header of its record when sealed, else one byte of flags
  kPiece = 3,  // a chunk: u8 last ‖ u32 length of the plaintext ‖ the chunk as it is stored; or, compressed and not sealed, ‖ u32
               // length of the zstd frame that follows
};

// A chunk of an unsealed part, compressed: its zstd frame follows the kPiece frame.
inline constexpr std::size_t kChunkWords = 5;  // u8 last ‖ u32 length

Bytes skippable(FrameKind kind, BytesView payload);

struct SnapshotFrame {
  FrameKind kind;
  Bytes payload;
};

class FrameReader {
 public:
  explicit FrameReader(ByteSource source) : source_(std::move(source)) {}
  // Nullopt at the end of the file. kTampered: not a frame of ours, or one that is longer than any of ours.
  Result<std::optional<SnapshotFrame>> next();
  // Exactly `size` bytes. kTampered when the file ends before. REQUIRES: size is bounded by the caller.
  Result<Bytes> raw(std::size_t size);

 private:
  // How many of them there were; fewer only at the end.
  Result<std::size_t> fill(MutableBytes out);
  ByteSource source_;
};

}  // namespace rfs
