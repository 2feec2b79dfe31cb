#include "crypto/record.h"

#include <sodium.h>

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/chunk_codec.h"
#include "crypto/record_key.h"

namespace rfs {
namespace {

constexpr std::string_view kMagic = "RFS1";
// The only suite, and so the least that is accepted: HKDF-SHA256, AES-256-GCM, STREAM.
constexpr std::uint8_t kSuite = 1;
constexpr std::uint8_t kChunkLog2 = 16;
constexpr std::size_t kSaltAt = 12, kSaltSize = 32, kCommitAt = 44;

bool has_term(RecordKind kind) {
  return kind != RecordKind::kRing && kind != RecordKind::kSnapshot && kind != RecordKind::kBeacon;
}
bool may_compress(RecordKind kind) { return kind == RecordKind::kBody || kind == RecordKind::kSnapshot; }
bool is_kind(std::uint8_t byte) { return byte >= 1 && byte <= static_cast<std::uint8_t>(RecordKind::kBeacon); }

tl::unexpected<Error> tampered(const char* what) {
  return fail(Code::kTampered, std::string("a sealed record ") + what);
}

}  // namespace

std::size_t sealed_chunk_most() { return compressed_most(kChunk) + kTag; }

Result<HeaderFields> parse_header(BytesView header) {
  if (header.size() != kHeaderSize) return tampered("has a header of another length");
  if (text(header.first(4)) != kMagic) return tampered("does not begin as ours do");
  if (header[4] != kSuite) return tampered("is of an unknown suite");
  if (!is_kind(header[5])) return tampered("is of an unknown kind");
  auto kind = static_cast<RecordKind>(header[5]);
  if (header[6] != kChunkLog2) return tampered("has chunks of another size");
  std::uint8_t flags = header[7];
  if (flags & ~kFlagZstd) return tampered("has unknown flags");
  if (flags && !may_compress(kind)) return tampered("is compressed and must not be");
  auto term = read_be<std::uint32_t>(header.subspan(8, 4));
  if ((term != 0) != has_term(kind)) return tampered("has a term that its kind cannot have");
  return HeaderFields{kind, flags, term};
}

// --- Sealer

Sealer::Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

Result<Sealer> Sealer::start(const SecretBytes& record_key, RecordKind kind, std::uint8_t flags, std::uint32_t term,
                             BytesView identity, BytesView salt) {
  if (record_key.size() != 32 || (!salt.empty() && salt.size() != kSaltSize))
    return fail(Code::kInvalid, "a record key or a salt is not 32 bytes long");
  Sealer sealer;
  RecordHeader& header = sealer.header_;
  std::copy(kMagic.begin(), kMagic.end(), header.begin());
  header[4] = kSuite;
  header[5] = static_cast<std::uint8_t>(kind);
  header[6] = kChunkLog2;
  header[7] = flags;
  for (int i = 0; i < 4; ++i) header[8 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(term >> (24 - 8 * i));
  if (salt.empty())
    randombytes_buf(header.data() + kSaltAt, kSaltSize);
  else
    std::copy(salt.begin(), salt.end(), header.begin() + kSaltAt);
  if (auto fields = parse_header(header); !fields)
    return fail(Code::kInvalid, "cannot begin a record: " + fields.error().message);
  DerivedRecordKey derived = derive_record_key(record_key, BytesView(header).first(kSaltAt),
                                               BytesView(header).subspan(kSaltAt, kSaltSize), identity);
  std::copy(derived.commit.begin(), derived.commit.end(), header.begin() + kCommitAt);
  sealer.key_ = std::move(derived.key);
  return sealer;
}

Result<Bytes> Sealer::chunk(BytesView plaintext, bool last) {
  if (ended_) return fail(Code::kInvalid, "a chunk after the last one");
  if (plaintext.size() > kChunk || (!last && plaintext.size() != kChunk) || (plaintext.empty() && index_ > 0))
    return fail(Code::kInvalid, "a chunk of the wrong length");
  if (index_ > 0xffff'ffffu) return fail(Code::kTooLarge, "a record of more than 2^32 chunks");
  Bytes frame;
  if (header_[7] & kFlagZstd) {
    frame = compress_chunk(plaintext);
    plaintext = frame;
  }
  Bytes out(plaintext.size() + kTag);
  aead_seal(key_.reveal(), stream_nonce(static_cast<std::uint32_t>(index_), last), {}, plaintext, out);
  ++index_;
  ended_ = last;
  return out;
}

// --- Opener

Opener::Opener() = default;
Opener::Opener(Opener&&) noexcept = default;
Opener& Opener::operator=(Opener&&) noexcept = default;
Opener::~Opener() = default;

Result<Opener> Opener::start(const SecretBytes& record_key, RecordKind kind, BytesView header, BytesView identity) {
  TRY_ASSIGN(HeaderFields fields, parse_header(header));
  if (fields.kind != kind) return tampered("is of another kind than its place");
  if (record_key.size() != 32) return fail(Code::kInvalid, "a record key is not 32 bytes long");
  DerivedRecordKey derived =
      derive_record_key(record_key, header.first(kSaltAt), header.subspan(kSaltAt, kSaltSize), identity);
  if (sodium_memcmp(derived.commit.data(), header.data() + kCommitAt, derived.commit.size()) != 0)
    return tampered("is not the one of this place, or was changed");
  Opener opener;
  opener.flags_ = fields.flags;
  opener.key_ = std::move(derived.key);
  return opener;
}

Result<> Opener::chunk_into(std::uint32_t index, bool last, BytesView sealed, MutableBytes out) const {
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  bool right_length = out.size() <= kChunk && (last || out.size() == kChunk) && (!out.empty() || index == 0);
  if (!right_length) return tampered("has a chunk of the wrong length");
  AeadNonce nonce = stream_nonce(index, last);
  if (!(flags_ & kFlagZstd)) {
    if (sealed.size() != out.size() + kTag) return tampered("has a chunk of the wrong length");
    if (!aead_open(key_.reveal(), nonce, {}, sealed, out)) return tampered("does not authenticate");
    return {};
  }
  if (sealed.size() < kTag || sealed.size() > sealed_chunk_most()) return tampered("has a chunk of the wrong length");
  Bytes frame(sealed.size() - kTag);
  if (!aead_open(key_.reveal(), nonce, {}, sealed, frame)) return tampered("does not authenticate");
  if (!decompress_chunk(frame, out)) {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    return tampered("does not decompress to its length");
  }
  return {};
}

Result<Bytes> Opener::chunk(std::uint32_t index, bool last, BytesView sealed, std::size_t expected) const {
  if (expected > kChunk) return tampered("has a chunk of the wrong length");
  Bytes out(expected);
  TRY(chunk_into(index, last, sealed, out));
  return out;
}

Result<SecretBytes> Opener::secret_chunk(std::uint32_t index, bool last, BytesView sealed) const {
  if (sealed.size() < kTag || sealed.size() - kTag > kChunk) return tampered("has a chunk of the wrong length");
  if (flags_ & kFlagZstd) return tampered("is compressed and must not be");
  SecretBytes out(sealed.size() - kTag);
  TRY(chunk_into(index, last, sealed, out.reveal_mutable()));
  return out;
}

}  // namespace rfs
