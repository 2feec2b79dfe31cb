#include "backends/actions/snapshot_writer.h"

#include <unistd.h>

#include <algorithm>

#include "backends/actions/snapshot_frame.h"
#include "backends/store/codec.h"
#include "crypto/chunk_codec.h"

namespace rfs {
namespace {

// A part is what is lost at most when one does not authenticate.
constexpr std::uint64_t kPartMost = 8u << 20;

Result<> write_at(int fd, BytesView bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "the snapshot cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
  return {};
}

Bytes chunk_words(std::size_t plain, bool last) {
  Bytes out;
  out.push_back(last ? 1 : 0);
  append_be(out, static_cast<std::uint32_t>(plain));
  return out;
}

// The first part: u64 created ‖ u64 parts, never compressed, so that its length is known before its content.
Result<Bytes> first_part(const SnapshotHead& head, const SecretBytes& key, std::uint64_t created, std::uint64_t parts) {
  Bytes plain;
  append_be(plain, created);
  append_be(plain, parts);
  Bytes words = chunk_words(plain.size(), true);
  Bytes out;
  if (!head.sealed) {
    append(words, plain);
    const std::uint8_t flags = 0;
    append(out, skippable(FrameKind::kPart, BytesView(&flags, 1)));
    append(out, skippable(FrameKind::kPiece, words));
    return out;
  }
  TRY_ASSIGN(Sealer sealer, Sealer::start(key, RecordKind::kSnapshot, 0, 0, snapshot_identity(head, 0)));
  append(out, skippable(FrameKind::kPart, BytesView(sealer.header())));
  TRY_ASSIGN(const Bytes sealed, sealer.chunk(plain, true));
  append(words, sealed);
  append(out, skippable(FrameKind::kPiece, words));
  return out;
}

}  // namespace

Result<SnapshotWriter> SnapshotWriter::start(int fd, SnapshotHead head, const SecretBytes* key) {
  SnapshotWriter writer;
  writer.fd_ = fd;
  writer.head_ = std::move(head);
  writer.head_.sealed = key != nullptr;
  if (key) writer.key_ = snapshot_record_key(*key, writer.head_.repository);
  TRY(writer.out(skippable(FrameKind::kHead, encode_head(writer.head_))));
  writer.first_at_ = writer.at_;
  // Zeros stand for the first part until the end: they are no frame, so that what was cut off is seen to be.
  TRY_ASSIGN(const Bytes first, first_part(writer.head_, writer.key_, 0, 0));
  TRY(writer.out(Bytes(first.size())));
  return writer;
}

Result<> SnapshotWriter::out(BytesView bytes) {
  TRY(write_at(fd_, bytes, at_));
  at_ += bytes.size();
  return {};
}

Result<> SnapshotWriter::begin_part() {
  in_part_ = true;
  part_bytes_ = 0;
  if (!head_.sealed) {
    const std::uint8_t flags = kFlagZstd;
    TRY(out(skippable(FrameKind::kPart, BytesView(&flags, 1))));
  } else {
    TRY_ASSIGN(sealer_, Sealer::start(key_, RecordKind::kSnapshot, kFlagZstd, 0, snapshot_identity(head_, parts_)));
    TRY(out(skippable(FrameKind::kPart, BytesView(sealer_->header()))));
  }
  ++parts_;
  return {};
}

Result<> SnapshotWriter::chunk(BytesView plaintext, bool last) {
  Bytes words = chunk_words(plaintext.size(), last);
  if (!head_.sealed) {
    const Bytes frame = compress_chunk(plaintext);
    append_be(words, static_cast<std::uint32_t>(frame.size()));
    TRY(out(skippable(FrameKind::kPiece, words)));
    return out(frame);
  }
  TRY_ASSIGN(const Bytes sealed, sealer_->chunk(plaintext, last));
  append(words, sealed);
  return out(skippable(FrameKind::kPiece, words));
}

Result<> SnapshotWriter::put(BytesView bytes) {
  part_bytes_ += bytes.size();
  while (!bytes.empty()) {
    // A full chunk is kept until there is more: the last one of a part must be known as such.
    if (pending_.size() == kChunk) {
      TRY(chunk(pending_, false));
      pending_.clear();
    }
    const std::size_t n = std::min(bytes.size(), kChunk - pending_.size());
    append(pending_, bytes.first(n));
    bytes = bytes.subspan(n);
  }
  return {};
}

Result<> SnapshotWriter::end_part() {
  if (!in_part_) return {};
  TRY(chunk(pending_, true));
  pending_.clear();
  in_part_ = false;
  return {};
}

Result<> SnapshotWriter::add(const Entry& entry) {
  if (!in_part_) TRY(begin_part());
  store::MetaRecord record;
  record.key = entry.key;
  record.key.partition.clear();
  record.meta = entry.meta;
  record.raw_len = entry.body->size();
  record.sha256 = entry.sha256;
  const Bytes meta = store::encode_meta(record);
  Bytes lengths;
  append_be(lengths, static_cast<std::uint32_t>(meta.size()));
  TRY(put(lengths));
  TRY(put(meta));
  lengths.clear();
  append_be(lengths, record.raw_len);
  TRY(put(lengths));
  Bytes piece(kChunk);
  for (std::uint64_t at = 0; at < record.raw_len;) {
    TRY_ASSIGN(const std::size_t n, entry.body->read_at(at, piece));
    if (n == 0) return fail(Code::kBroken, "a body ended before its length");
    TRY(put(BytesView(piece).first(n)));
    at += n;
  }
  ++entries_;
  bytes_ += record.raw_len;
  if (part_bytes_ >= kPartMost) TRY(end_part());
  return {};
}

Result<std::uint64_t> SnapshotWriter::finish(double created) {
  TRY(end_part());
  TRY_ASSIGN(const Bytes first, first_part(head_, key_, static_cast<std::uint64_t>(created), parts_));
  TRY(write_at(fd_, first, first_at_));
  return at_;
}

}  // namespace rfs
