// The sealed record: one format for everything at rest. runnerfs-formats(7), "Sealed stream" (FORMATS B.1).
// Pure functions and small objects; a Sealer or Opener belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs {

enum class RecordKind : std::uint8_t {
  kMeta = 1,
  kBody = 2,
  kSecret = 3,
  kRing = 4,
  kRoot = 5,
  kNodeKey = 6,
  kSnapshot = 7,
  kBeacon = 8
};

inline constexpr std::size_t kHeaderSize = 76;
inline constexpr std::size_t kChunk = 65'536;
inline constexpr std::size_t kTag = 16;
inline constexpr std::uint8_t kFlagZstd = 1;

using RecordHeader = std::array<std::uint8_t, kHeaderSize>;

// What a header says, before anything is verified.
struct HeaderFields {
  RecordKind kind;
  std::uint8_t flags;
  std::uint32_t term;
};
// kTampered for anything that the format does not allow.
Result<HeaderFields> parse_header(BytesView header);

// The longest that a sealed chunk can be (ciphertext ‖ tag, compressed or not): a reader need not hold more.
std::size_t sealed_chunk_most();

// Seals one record chunk by chunk. Every chunk but the last is exactly kChunk bytes of plaintext.
class Sealer {
 public:
  // salt: 32 bytes for test vectors; empty: fresh random, as every caller outside tests must.
  static Result<Sealer> start(const SecretBytes& record_key, RecordKind kind, std::uint8_t flags, std::uint32_t term,
                              BytesView identity, BytesView salt = {});
  const RecordHeader& header() const { return header_; }
  // ciphertext ‖ tag of the next chunk; `last` ends the record. With kFlagZstd the chunk is compressed first.
  Result<Bytes> chunk(BytesView plaintext, bool last);

  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;
  ~Sealer();

 private:
  Sealer();
  RecordHeader header_{};
  SecretBytes key_;
  std::uint64_t index_ = 0;
  bool ended_ = false;
};

// Opens chunks of one record in any order. The commitment is compared before anything is decrypted.
class Opener {
 public:
  // kTampered: bad header, another kind, or the commitment differs (another identity, another key).
  static Result<Opener> start(const SecretBytes& record_key, RecordKind kind, BytesView header, BytesView identity);
  // The plaintext of chunk `index`, exactly `expected` bytes. kTampered for everything else.
  Result<Bytes> chunk(std::uint32_t index, bool last, BytesView sealed, std::size_t expected) const;
  // The same into memory of the caller: out.size() is what is expected. On failure `out` holds zeros.
  Result<> chunk_into(std::uint32_t index, bool last, BytesView sealed, MutableBytes out) const;
  // The same into locked memory (kinds 3–6).
  Result<SecretBytes> secret_chunk(std::uint32_t index, bool last, BytesView sealed) const;

  Opener(Opener&&) noexcept;
  Opener& operator=(Opener&&) noexcept;
  ~Opener();

 private:
  Opener();
  std::uint8_t flags_ = 0;
  SecretBytes key_;
};

// Whole small records in one buffer: header ‖ chunk 0 … n, not compressed (the chunks' lengths would not be known).
Result<Bytes> seal_record(const SecretBytes& record_key, RecordKind kind, std::uint32_t term, BytesView identity,
                          BytesView plaintext, BytesView salt = {});
Result<Bytes> open_record(const SecretBytes& record_key, RecordKind kind, BytesView record, BytesView identity);
// For kinds 3–6.
Result<SecretBytes> open_secret_record(const SecretBytes& record_key, RecordKind kind, BytesView record,
                                       BytesView identity);

}  // namespace rfs
