#include "backends/store/codec.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "crypto/ids.h"
#include "crypto/kdf.h"
#include "crypto/tlv.h"

namespace rfs::store {

namespace {

// Tags of META. From 0x80 on: what the first version of the format had no room for; a reader may ignore them.
enum Tag : std::uint8_t {
  kName = 1,
  kSpace = 2,  // u8
  kPartition = 3,
  kClass = 4,
  kAccept = 5,
  kApiVersion = 6,
  kStatus = 7,  // u16
  kEtag = 8,
  kLink = 9,
  kLastModified = 10,
  kFetchedAt = 11,  // times: seconds since 1970 as IEEE 754 binary64
  kValidatedAt = 12,
  kExpiresAt = 13,
  kProof = 14,   // u8
  kSource = 15,  // u8
  kRawLen = 16,  // u64
  kSha256 = 17,
  kBodyHeader = 18,
  kInlineBody = 19,
  kBodyId = 20,
  kProvenance = 21,
  kIndexHeader = 22,
  kKnownMost = 22,
  kCanonical = 0x80,  // the part of the key that is unique within namespace, partition and class
  kDirectory = 0x81,  // that shows it
  kMarks = 0x82,      // u8: bit 0 immutable, bit 1 shareable
};
// Texts that are empty are left out, and so are marks that are 0.

constexpr std::uint8_t kImmutable = 1, kShareable = 2;

class Writer {
 public:
  void text(Tag tag, const std::string& value) {
    if (!value.empty()) tlv_.text(tag, value);
  }
  template <class Integer>
  void integer(Tag tag, Integer value) {
    tlv_.integer(tag, value);
  }
  void time(Tag tag, double value) { tlv_.integer(tag, std::bit_cast<std::uint64_t>(value)); }
  void bytes(Tag tag, BytesView value) { tlv_.bytes(tag, value); }
  Bytes take() { return tlv_.take(); }

 private:
  TlvWriter tlv_;
};

// Reads required and optional fields; remembers whether anything was missing or of the wrong form.
class Reader {
 public:
  explicit Reader(const TlvReader& tlv) : tlv_(tlv) {}

  std::string text(Tag tag) {
    auto value = tlv_.find(tag);
    return value ? std::string(rfs::text(*value)) : std::string();
  }
  template <class Integer>
  Integer integer(Tag tag) {
    auto value = tlv_.integer<Integer>(tag);
    good_ = good_ && value.has_value();
    return value.value_or(0);
  }
  double time(Tag tag) {
    double seconds = std::bit_cast<double>(integer<std::uint64_t>(tag));
    good_ = good_ && std::isfinite(seconds);
    return seconds;
  }
  // An enumeration whose numbers are 1 … most.
  template <class Enum>
  Enum word(Tag tag, Enum most) {
    auto number = integer<std::uint8_t>(tag);
    good_ = good_ && number >= 1 && number <= static_cast<std::uint8_t>(most);
    return static_cast<Enum>(number);
  }
  template <std::size_t N>
  std::array<std::uint8_t, N> array(Tag tag) {
    std::array<std::uint8_t, N> out{};
    auto value = tlv_.find(tag);
    good_ = good_ && value && value->size() == N;
    if (good_) std::copy(value->begin(), value->end(), out.begin());
    return out;
  }
  bool has(Tag tag) const { return tlv_.find(tag).has_value(); }
  void require(bool condition) { good_ = good_ && condition; }
  bool good() const { return good_; }

 private:
  const TlvReader& tlv_;
  bool good_ = true;
};

tl::unexpected<Error> senseless() {
  return fail(Code::kTampered, "a record of the cache does not have the form of an entry");
}

Bytes meta_identity(const KeyRing& ring, const Digest& id) {
  Bytes identity;
  append_lp(identity, ring.store_id());
  append_lp(identity, id);
  return identity;
}

Result<Bytes> seal(const KeyRing& ring, const Digest& id, BytesView plaintext) {
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(ring.current_term(), RecordKind::kMeta));
  return seal_record(*key, RecordKind::kMeta, ring.current_term(), meta_identity(ring, id), plaintext);
}

Result<Bytes> open(const KeyRing& ring, const Digest& id, BytesView sealed) {
  TRY_ASSIGN(HeaderFields fields, parse_header(sealed.first(std::min(sealed.size(), kHeaderSize))));
  auto key = ring.record_key(fields.term, RecordKind::kMeta);
  // The ring opened, so a term that it does not hold is damage and no missing key.
  if (!key) return fail(Code::kTampered, "a record of the cache names a key that this store never had");
  return open_record(**key, RecordKind::kMeta, sealed, meta_identity(ring, id));
}

}  // namespace

Bytes encode_meta(const MetaRecord& record) {
  const EntryKey& key = record.key;
  const Meta& meta = record.meta;
  Writer out;
  out.text(kName, key.name);
  out.integer(kSpace, static_cast<std::uint8_t>(key.space));
  out.text(kPartition, key.partition);
  out.text(kClass, key.cls);
  out.text(kAccept, meta.accept);
  out.text(kApiVersion, meta.api_version);
  out.integer(kStatus, static_cast<std::uint16_t>(meta.status));
  out.text(kEtag, meta.etag);
  out.text(kLink, meta.link);
  out.text(kLastModified, meta.last_modified);
  out.time(kFetchedAt, meta.fetched_at);
  out.time(kValidatedAt, meta.validated_at);
  out.time(kExpiresAt, meta.expires_at);
  out.integer(kProof, static_cast<std::uint8_t>(meta.proof));
  out.integer(kSource, static_cast<std::uint8_t>(meta.source));
  out.integer(kRawLen, record.raw_len);
  out.bytes(kSha256, record.sha256);
  if (record.body) out.bytes(kBodyHeader, record.body->header);
  if (record.inline_body) out.bytes(kInlineBody, view(*record.inline_body));
  if (record.body) out.bytes(kBodyId, record.body->id);
  out.text(kProvenance, meta.provenance);
  if (record.body && record.body->index) out.bytes(kIndexHeader, *record.body->index);
  out.text(kCanonical, key.canonical);
  out.text(kDirectory, key.directory);
  std::uint8_t marks = (meta.immutable ? kImmutable : 0) | (meta.shareable ? kShareable : 0);
  if (marks) out.integer(kMarks, marks);
  return out.take();
}

namespace {

Result<MetaRecord> decode_fields(BytesView plaintext, bool alone) {
  TRY_ASSIGN(TlvReader tlv, TlvReader::parse(plaintext, kKnownMost));
  Reader in(tlv);
  MetaRecord record;
  EntryKey& key = record.key;
  Meta& meta = record.meta;
  key.name = in.text(kName);
  key.space = in.word(kSpace, Space::kCodeql);
  key.partition = in.text(kPartition);
  key.cls = in.text(kClass);
  key.canonical = in.text(kCanonical);
  key.directory = in.text(kDirectory);
  meta.accept = in.text(kAccept);
  meta.api_version = in.text(kApiVersion);
  meta.status = in.integer<std::uint16_t>(kStatus);
  meta.etag = in.text(kEtag);
  meta.link = in.text(kLink);
  meta.last_modified = in.text(kLastModified);
  meta.fetched_at = in.time(kFetchedAt);
  meta.validated_at = in.time(kValidatedAt);
  meta.expires_at = in.time(kExpiresAt);
  meta.proof = in.word(kProof, Proof::kLocal);
  meta.source = in.word(kSource, Source::kOrigin);
  meta.provenance = in.text(kProvenance);
  std::uint8_t marks = in.has(kMarks) ? in.integer<std::uint8_t>(kMarks) : std::uint8_t{0};
  meta.immutable = marks & kImmutable;
  meta.shareable = marks & kShareable;
  record.raw_len = in.integer<std::uint64_t>(kRawLen);
  record.sha256 = in.array<32>(kSha256);
  if (alone) {
    in.require(!in.has(kInlineBody) && !in.has(kBodyHeader) && !in.has(kBodyId) && !in.has(kIndexHeader));
    in.require(record.raw_len <= kBodyMost);
  } else if (in.has(kInlineBody)) {
    in.require(!in.has(kBodyHeader) && !in.has(kBodyId) && !in.has(kIndexHeader));
    record.inline_body = in.text(kInlineBody);
    in.require(record.inline_body->size() == record.raw_len && record.raw_len <= kInlineMost);
  } else {
    BodyRef& body = record.body.emplace();
    body.id = in.array<16>(kBodyId);
    body.header = in.array<kHeaderSize>(kBodyHeader);
    if (in.has(kIndexHeader)) body.index = in.array<kHeaderSize>(kIndexHeader);
    in.require(record.raw_len > 0 && record.raw_len <= kBodyMost);
  }
  if (!in.good()) return senseless();
  return record;
}

}  // namespace

Result<MetaRecord> decode_meta(BytesView plaintext) { return decode_fields(plaintext, false); }
Result<MetaRecord> decode_meta_alone(BytesView plaintext) { return decode_fields(plaintext, true); }

Result<Bytes> seal_meta(const KeyRing& ring, const Digest& id, const MetaRecord& record) {
  return seal(ring, id, encode_meta(record));
}

Result<MetaRecord> open_meta(const KeyRing& ring, const Digest& id, BytesView sealed) {
  TRY_ASSIGN(Bytes plaintext, open(ring, id, sealed));
  return decode_meta(plaintext);
}

Result<Bytes> seal_directory(const KeyRing& ring, const Digest& id, const std::string& name) {
  Writer out;
  out.text(kName, name);
  return seal(ring, id, out.take());
}

Result<std::string> open_directory(const KeyRing& ring, const Digest& id, BytesView sealed) {
  TRY_ASSIGN(Bytes plaintext, open(ring, id, sealed));
  TRY_ASSIGN(TlvReader tlv, TlvReader::parse(plaintext, kName));
  Reader in(tlv);
  in.require(in.has(kName));
  if (!in.good()) return senseless();
  return in.text(kName);
}

Bytes body_identity(const KeyRing& ring, const Id16& body_id) {
  Bytes identity;
  append_lp(identity, ring.store_id());
  append_lp(identity, body_id);
  return identity;
}

Digest entry_id(const KeyRing& ring, const EntryKey& key) {
  return rfs::entry_id(ring, static_cast<std::uint8_t>(key.space), key.partition, key.cls, key.canonical);
}

Digest directory_id(const KeyRing& ring, const EntryKey& key, const std::string& directory) {
  return rfs::parent_id(ring, static_cast<std::uint8_t>(key.space), key.partition, key.cls, directory);
}

Digest body_digest(const KeyRing& ring, const Digest& sha256) {
  const std::uint8_t kind[] = {static_cast<std::uint8_t>(RecordKind::kBody)};
  return hmac_sha256(ring.lookup_key().reveal(), {BytesView(kind), BytesView(sha256)});
}

std::string shown_path(const EntryKey& key) {
  const char* space = key.space == Space::kApi ? "api" : key.space == Space::kCache ? "cache" : "codeql";
  return std::string(space) + "/" + (key.directory.empty() ? "" : key.directory + "/") + key.name;
}

}  // namespace rfs::store
