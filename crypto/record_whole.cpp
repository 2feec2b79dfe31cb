// Records that are held in one buffer: META, SECRET, RING, ROOT, NODEKEY, BEACON.
#include <algorithm>

#include "crypto/record.h"

namespace rfs {
namespace {

constexpr std::size_t kSealedChunk = kChunk + kTag;

// Lengths alone decide where chunks end: all but the last are full. Calls open(index, last, sealed, offset in
// plaintext).
template <class Open>
Result<> each_chunk(BytesView chunks, Open open) {
  for (std::size_t index = 0;; ++index) {
    bool last = chunks.size() <= kSealedChunk;
    std::size_t n = last ? chunks.size() : kSealedChunk;
    TRY(open(static_cast<std::uint32_t>(index), last, chunks.first(n), index * kChunk));
    if (last) return {};
    chunks = chunks.subspan(n);
  }
}

// How long the plaintext of these chunks is. kTampered when no record has chunks of this length.
Result<std::size_t> plaintext_size(BytesView chunks) {
  std::size_t full = chunks.size() / kSealedChunk, rest = chunks.size() % kSealedChunk;
  bool whole = rest == 0 ? full > 0 : rest > kTag || (rest == kTag && full == 0);
  if (!whole) return fail(Code::kTampered, "a sealed record is cut off");
  return full * kChunk + (rest ? rest - kTag : 0);
}

// Any container of bytes that is as long as the plaintext.
Result<> open_whole(const SecretBytes& record_key, RecordKind kind, BytesView record, BytesView identity,
                    MutableBytes out) {
  TRY_ASSIGN(Opener opener, Opener::start(record_key, kind, record.first(kHeaderSize), identity));
  return each_chunk(record.subspan(kHeaderSize), [&](std::uint32_t index, bool last, BytesView sealed, std::size_t at) {
    return opener.chunk_into(index, last, sealed, out.subspan(at, sealed.size() - kTag));
  });
}

Result<std::size_t> check_whole(BytesView record) {
  if (record.size() < kHeaderSize) return fail(Code::kTampered, "a sealed record is cut off");
  TRY_ASSIGN(HeaderFields fields, parse_header(record.first(kHeaderSize)));
  if (fields.flags) return fail(Code::kTampered, "a sealed record is compressed and must not be");
  return plaintext_size(record.subspan(kHeaderSize));
}

}  // namespace

Result<Bytes> seal_record(const SecretBytes& record_key, RecordKind kind, std::uint32_t term, BytesView identity,
                          BytesView plaintext, BytesView salt) {
  TRY_ASSIGN(Sealer sealer, Sealer::start(record_key, kind, 0, term, identity, salt));
  Bytes out;
  out.reserve(kHeaderSize + plaintext.size() + (plaintext.size() / kChunk + 1) * kTag);
  append(out, BytesView(sealer.header()));
  for (bool last = false; !last;) {
    last = plaintext.size() <= kChunk;
    BytesView piece = plaintext.first(std::min(plaintext.size(), kChunk));
    TRY_ASSIGN(Bytes sealed, sealer.chunk(piece, last));
    append(out, sealed);
    plaintext = plaintext.subspan(piece.size());
  }
  return out;
}

Result<Bytes> open_record(const SecretBytes& record_key, RecordKind kind, BytesView record, BytesView identity) {
  TRY_ASSIGN(std::size_t size, check_whole(record));
  Bytes out(size);
  TRY(open_whole(record_key, kind, record, identity, out));
  return out;
}

Result<SecretBytes> open_secret_record(const SecretBytes& record_key, RecordKind kind, BytesView record,
                                       BytesView identity) {
  TRY_ASSIGN(std::size_t size, check_whole(record));
  SecretBytes out(size);
  TRY(open_whole(record_key, kind, record, identity, out.reveal_mutable()));
  return out;
}

}  // namespace rfs
