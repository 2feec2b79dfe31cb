#include "backends/actions/snapshot_reader.h"

#include <algorithm>

#include "backends/store/codec.h"
#include "crypto/chunk_codec.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

constexpr std::uint32_t kMetaMost = 1u << 20;
constexpr std::uint64_t kPartsMost = 1u << 24;

tl::unexpected<Error> spoiled(const char* what) { return fail(Code::kTampered, std::string("the snapshot ") + what); }

}  // namespace

Result<SnapshotReader> SnapshotReader::open(ByteSource source, std::uint64_t body_most) {
  SnapshotReader reader(std::move(source), body_most);
  auto frame = reader.frames_.next();
  if (!frame && frame.error().code == Code::kTampered) return fail(Code::kInvalid, "it is no snapshot of runnerfs");
  if (!frame) return fail(std::move(frame.error()));
  if (!*frame || (*frame)->kind != FrameKind::kHead) return fail(Code::kInvalid, "it is no snapshot of runnerfs");
  TRY_ASSIGN(reader.head_, decode_head((*frame)->payload));
  return reader;
}

Result<> SnapshotReader::begin(const SecretBytes* key, const SecretBytes* previous) {
  if (head_.sealed && !key) return fail(Code::kNoKey, "the snapshot is sealed, and there is no fleet secret");
  if (head_.sealed) key_ = snapshot_record_key(*key, head_.repository);
  if (head_.sealed && previous) previous_key_ = snapshot_record_key(*previous, head_.repository);
  TRY(begin_part());
  TRY_ASSIGN(created_, integer<std::uint64_t>());
  TRY_ASSIGN(parts_, integer<std::uint64_t>());
  if (parts_ == 0 || parts_ > kPartsMost) return spoiled("has a number of parts that none has");
  return {};
}

Result<Opener> SnapshotReader::open_part(const SecretBytes& key, BytesView header) const {
  return Opener::start(key, RecordKind::kSnapshot, header, snapshot_identity(head_, part_));
}

Result<> SnapshotReader::begin_part() {
  TRY_ASSIGN(const auto frame, frames_.next());
  if (!frame) return spoiled("is cut off");
  if (frame->kind != FrameKind::kPart) return spoiled("has no part where one begins");
  if (head_.sealed) {
    TRY_ASSIGN(const HeaderFields fields, parse_header(frame->payload));
    flags_ = fields.flags;
    auto opener = open_part(key_, frame->payload);
    // Which of two secrets it was sealed under, the first part tells.
    if (!opener && part_ == 0 && !previous_key_.empty()) {
      opener = open_part(previous_key_, frame->payload);
      rotated_ = opener.has_value();
      if (rotated_) key_ = std::move(previous_key_);
    }
    TRY_ASSIGN(opener_, std::move(opener));
  } else {
    if (frame->payload.size() != 1 || (frame->payload[0] & ~kFlagZstd)) return spoiled("has a part with unknown flags");
    flags_ = frame->payload[0];
  }
  ++part_;
  index_ = 0;
  ended_ = false;
  plain_.clear();
  at_ = 0;
  return {};
}

Result<> SnapshotReader::chunk() {
  TRY_ASSIGN(const auto frame, frames_.next());
  if (!frame) return spoiled("is cut off");
  if (frame->kind != FrameKind::kPiece || frame->payload.size() < kChunkWords) return spoiled("lacks a chunk of a part");
  const BytesView payload = frame->payload;
  const std::uint8_t last = payload[0];
  const std::size_t length = read_be<std::uint32_t>(payload.subspan(1));
  const bool right_length = length <= kChunk && (last || length == kChunk) && (length > 0 || index_ == 0);
  if (last > 1 || !right_length) return spoiled("has a chunk of the wrong length");
  const BytesView stored = payload.subspan(kChunkWords);
  if (head_.sealed) {
    TRY_ASSIGN(plain_, opener_->chunk(index_, last, stored, length));
  } else if (!(flags_ & kFlagZstd)) {
    if (stored.size() != length) return spoiled("has a chunk of the wrong length");
    plain_.assign(stored.begin(), stored.end());
  } else {
    if (stored.size() != 4) return spoiled("has a chunk of the wrong length");
    const std::size_t size = read_be<std::uint32_t>(stored);
    if (size > compressed_most(kChunk)) return spoiled("has a chunk of the wrong length");
    TRY_ASSIGN(const Bytes compressed, frames_.raw(size));
    plain_.resize(length);
    if (!decompress_chunk(compressed, plain_)) return spoiled("does not decompress");
  }
  ++index_;
  at_ = 0;
  ended_ = last;
  return {};
}

// Whether there are bytes left in this part; reads a chunk when the present one is used up.
Result<bool> SnapshotReader::more() {
  while (at_ == plain_.size()) {
    if (ended_) return false;
    TRY(chunk());
  }
  return true;
}

template <class Out>
Result<> SnapshotReader::take(std::uint64_t size, Out& out) {
  while (size > 0) {
    TRY_ASSIGN(const bool there, more());
    if (!there) return spoiled("has an entry that is cut off");
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(size, plain_.size() - at_));
    out.insert(out.end(), plain_.begin() + static_cast<std::ptrdiff_t>(at_),
               plain_.begin() + static_cast<std::ptrdiff_t>(at_ + n));
    at_ += n;
    size -= n;
  }
  return {};
}

template <class Integer>
Result<Integer> SnapshotReader::integer() {
  Bytes bytes;
  TRY(take(sizeof(Integer), bytes));
  return read_be<Integer>(bytes);
}

Result<std::optional<std::shared_ptr<Entry>>> SnapshotReader::next() {
  while (true) {
    TRY_ASSIGN(const bool there, more());
    if (there) break;
    if (part_ == parts_) return std::nullopt;
    TRY(begin_part());
  }
  TRY_ASSIGN(const std::uint32_t meta_size, integer<std::uint32_t>());
  if (meta_size > kMetaMost) return spoiled("has an entry whose facts are too long");
  Bytes meta;
  TRY(take(meta_size, meta));
  TRY_ASSIGN(store::MetaRecord record, store::decode_meta_alone(meta));
  TRY_ASSIGN(const std::uint64_t size, integer<std::uint64_t>());
  if (size != record.raw_len || size > body_most_) return spoiled("has a body of a length that is not taken");
  std::string body;
  TRY(take(size, body));
  if (sha256(view(body)) != record.sha256) return spoiled("has a body that is not its entry's");
  auto entry = std::make_shared<Entry>();
  entry->key = std::move(record.key);
  entry->key.partition.clear();
  entry->meta = std::move(record.meta);
  entry->sha256 = record.sha256;
  entry->body = std::make_shared<MemoryBody>(std::move(body));
  entry->found = Source::kDisk;
  return entry;
}

}  // namespace rfs
