#include "backends/actions/snapshot_frame.h"

#include "crypto/record.h"

namespace rfs {
namespace {

constexpr std::uint32_t kSkippableMagic = 0x184D2A5B;  // of the sixteen that zstd leaves to others
constexpr std::size_t kFrameMost = 1 + kChunkWords + 4'096 + (128u << 10);  // any of ours is shorter

// zstd's integers are little-endian.
void append_le32(Bytes& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}
std::uint32_t read_le32(BytesView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

tl::unexpected<Error> no_frame(const char* what) { return fail(Code::kTampered, std::string("the snapshot ") + what); }

}  // namespace

Bytes skippable(FrameKind kind, BytesView payload) {
  Bytes out;
  out.reserve(9 + payload.size());
  append_le32(out, kSkippableMagic);
  append_le32(out, static_cast<std::uint32_t>(1 + payload.size()));
  out.push_back(static_cast<std::uint8_t>(kind));
  append(out, payload);
  return out;
}

Result<std::size_t> FrameReader::fill(MutableBytes out) {
  std::size_t got = 0;
  while (got < out.size()) {
    TRY_ASSIGN(const std::size_t n, source_(out.subspan(got)));
    if (n == 0) break;
    got += n;
  }
  return got;
}

Result<std::optional<SnapshotFrame>> FrameReader::next() {
  std::uint8_t start[9];
  TRY_ASSIGN(const std::size_t got, fill(start));
  if (got == 0) return std::nullopt;
  if (got < sizeof start) return no_frame("is cut off");
  if (read_le32(BytesView(start)) != kSkippableMagic) return no_frame("does not have the form of one");
  const std::uint32_t size = read_le32(BytesView(start).subspan(4));
  const std::uint8_t kind = start[8];
  if (size == 0 || size > kFrameMost || kind < 1 || kind > static_cast<std::uint8_t>(FrameKind::kPiece))
    return no_frame("does not have the form of one");
  SnapshotFrame frame{static_cast<FrameKind>(kind), {}};
  TRY_ASSIGN(frame.payload, raw(size - 1));
  return frame;
}

Result<Bytes> FrameReader::raw(std::size_t size) {
  Bytes out(size);
  TRY_ASSIGN(const std::size_t got, fill(out));
  if (got < size) return no_frame("is cut off");
  return out;
}

}  // namespace rfs
