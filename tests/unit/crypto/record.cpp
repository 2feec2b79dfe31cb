#include "crypto/record.h"

#include <zstd.h>

#include "crypto/aead.h"
#include "crypto/record_key.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

namespace {

const SecretBytes& key() {
  static const SecretBytes key = repeated(0x11);
  return key;
}
const Bytes kIdentity = counting(0, 20);

Bytes sealed(BytesView plaintext, RecordKind kind = RecordKind::kMeta, std::uint32_t term = 3) {
  auto record = seal_record(key(), kind, term, kIdentity, plaintext);
  REQUIRE(record);
  return *record;
}

// A header with its commitment right, whatever else is in it: what the checks before the commitment must catch.
RecordHeader committed(RecordHeader header) {
  auto derived = derive_record_key(key(), BytesView(header).first(12), BytesView(header).subspan(12, 32), kIdentity);
  std::copy(derived.commit.begin(), derived.commit.end(), header.begin() + 44);
  return header;
}

void is_tampered(const Result<Bytes>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::kTampered);
}

Result<Bytes> open(BytesView record, RecordKind kind = RecordKind::kMeta, BytesView identity = kIdentity) {
  return open_record(key(), kind, record, identity);
}

}  // namespace

TEST_CASE("what is sealed comes back, at every length around a chunk") {
  for (std::size_t size : {0u, 1u, 15u, 16u, 65'535u, 65'536u, 65'537u, 131'072u, 200'000u}) {
    CAPTURE(size);
    Bytes plaintext = counting(5, size);
    Bytes record = sealed(plaintext);
    std::size_t chunks = size == 0 ? 1 : (size + kChunk - 1) / kChunk;
    CHECK(record.size() == kHeaderSize + size + chunks * kTag);
    CHECK(open(record) == plaintext);
    auto secret = open_secret_record(key(), RecordKind::kMeta, record, kIdentity);
    REQUIRE(secret);
    CHECK(secret->equals(plaintext));
  }
}

TEST_CASE("two seals of one text share nothing") {
  Bytes a = sealed(view("the same")), b = sealed(view("the same"));
  CHECK(Bytes(a.begin() + 12, a.begin() + 44) != Bytes(b.begin() + 12, b.begin() + 44));
  CHECK(Bytes(a.begin() + 44, a.end()) != Bytes(b.begin() + 44, b.end()));
}

TEST_CASE("every flipped bit of a record is refused") {
  Bytes record = sealed(view("a small record"));
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    Bytes changed = record;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CAPTURE(bit);
    is_tampered(open(changed));
  }
}

TEST_CASE("a record that is cut off anywhere, or goes on after its end, is refused") {
  Bytes record = sealed(view("a small record"));
  for (std::size_t size = 0; size < record.size(); ++size) is_tampered(open(BytesView(record).first(size)));
  for (std::size_t more : {1u, 15u, 16u, 17u, 70'000u}) {
    Bytes longer = record;
    longer.resize(record.size() + more);
    is_tampered(open(longer));
  }
}

TEST_CASE("chunks cannot be dropped, doubled, swapped or taken from another record") {
  Bytes plaintext = counting(0, 3 * kChunk);
  Bytes record = sealed(plaintext), other = sealed(plaintext);
  auto chunk = [&](const Bytes& from, std::size_t i) {
    return BytesView(from).subspan(kHeaderSize + i * (kChunk + kTag), kChunk + kTag);
  };
  auto joined = [&](std::initializer_list<BytesView> chunks) {
    Bytes out(record.begin(), record.begin() + kHeaderSize);
    for (BytesView piece : chunks) append(out, piece);
    return out;
  };
  REQUIRE(open(joined({chunk(record, 0), chunk(record, 1), chunk(record, 2)})) == plaintext);
  is_tampered(open(joined({chunk(record, 0), chunk(record, 1)})));
  is_tampered(open(joined({chunk(record, 0), chunk(record, 2)})));
  is_tampered(open(joined({chunk(record, 1), chunk(record, 0), chunk(record, 2)})));
  is_tampered(open(joined({chunk(record, 0), chunk(record, 1), chunk(record, 2), chunk(record, 2)})));
  is_tampered(open(joined({chunk(record, 0), chunk(other, 1), chunk(record, 2)})));
}

TEST_CASE("a record of another identity, key, kind or term is refused before anything is decrypted") {
  Bytes record = sealed(view("x"));
  is_tampered(open(record, RecordKind::kMeta, counting(1, 20)));
  is_tampered(open(record, RecordKind::kMeta, BytesView(kIdentity).first(19)));
  is_tampered(open(record, RecordKind::kMeta, {}));
  is_tampered(open(record, RecordKind::kBody));
  is_tampered(open_record(repeated(0x12), RecordKind::kMeta, record, kIdentity));
  CHECK_FALSE(Opener::start(repeated(0x12), RecordKind::kMeta, BytesView(record).first(kHeaderSize), kIdentity));
  Bytes other_term = record;
  other_term[11] = 4;
  is_tampered(open(other_term));
}

TEST_CASE("a header that the format does not allow is refused although its commitment is right") {
  Bytes record = sealed(view("x"), RecordKind::kMeta, 1);
  RecordHeader good;
  std::copy_n(record.begin(), kHeaderSize, good.begin());
  REQUIRE(parse_header(good));
  REQUIRE(parse_header(committed(good)));
  struct Change {
    std::size_t at;
    std::uint8_t to;
  };
  for (Change change : {Change{0, 'r'},
                        {3, '2'},
                        {4, 0},
                        {4, 2},
                        {5, 0},
                        {5, 9},
                        {5, 255},
                        {6, 15},
                        {6, 17},
                        {7, 1},
                        {7, 2},
                        {7, 0x80}}) {
    CAPTURE(change.at, int(change.to));
    RecordHeader bad = good;
    bad[change.at] = change.to;
    bad = committed(bad);
    auto fields = parse_header(bad);
    REQUIRE_FALSE(fields);
    CHECK(fields.error().code == Code::kTampered);
    CHECK_FALSE(Opener::start(key(), RecordKind::kMeta, bad, kIdentity));
  }
  CHECK_FALSE(parse_header(BytesView(good).first(75)));
  CHECK_FALSE(parse_header({}));
}

TEST_CASE("terms are where they belong") {
  for (RecordKind kind : {RecordKind::kRing, RecordKind::kSnapshot, RecordKind::kBeacon}) {
    CHECK(seal_record(key(), kind, 0, kIdentity, {}));
    CHECK_FALSE(seal_record(key(), kind, 1, kIdentity, {}));
  }
  for (RecordKind kind :
       {RecordKind::kMeta, RecordKind::kBody, RecordKind::kSecret, RecordKind::kRoot, RecordKind::kNodeKey}) {
    CHECK(seal_record(key(), kind, 1, kIdentity, {}));
    CHECK_FALSE(seal_record(key(), kind, 0, kIdentity, {}));
  }
  auto fields = parse_header(BytesView(sealed({}, RecordKind::kSecret, 0x01020304)).first(kHeaderSize));
  REQUIRE(fields);
  CHECK(fields->term == 0x01020304);
  CHECK(fields->kind == RecordKind::kSecret);
}

TEST_CASE("only bodies and snapshots are compressed") {
  CHECK(Sealer::start(key(), RecordKind::kBody, kFlagZstd, 1, kIdentity));
  CHECK(Sealer::start(key(), RecordKind::kSnapshot, kFlagZstd, 0, kIdentity));
  for (RecordKind kind : {RecordKind::kMeta, RecordKind::kSecret, RecordKind::kRoot, RecordKind::kNodeKey})
    CHECK_FALSE(Sealer::start(key(), kind, kFlagZstd, 1, kIdentity));
  CHECK_FALSE(Sealer::start(key(), RecordKind::kBody, 2, 1, kIdentity));
}

TEST_CASE("a sealer refuses chunks of the wrong length and any after the last") {
  auto start = [] {
    auto sealer = Sealer::start(key(), RecordKind::kBody, 0, 1, kIdentity);
    REQUIRE(sealer);
    return std::move(*sealer);
  };
  Bytes full = counting(0, kChunk);
  Sealer sealer = start();
  CHECK_FALSE(sealer.chunk(BytesView(full).first(10), false));
  CHECK_FALSE(sealer.chunk(counting(0, kChunk + 1), true));
  CHECK(sealer.chunk(full, false));
  CHECK_FALSE(sealer.chunk({}, true));  // an empty last chunk only in an empty record
  CHECK(sealer.chunk(view("x"), true));
  CHECK_FALSE(sealer.chunk(view("x"), true));
  CHECK(start().chunk({}, true));
}

TEST_CASE("an empty last chunk after others is refused although it authenticates") {
  auto sealer = Sealer::start(key(), RecordKind::kBody, 0, 1, kIdentity);
  REQUIRE(sealer);
  auto derived = derive_record_key(key(), BytesView(sealer->header()).first(12),
                                   BytesView(sealer->header()).subspan(12, 32), kIdentity);
  Bytes empty(kTag);
  aead_seal(derived.key.reveal(), stream_nonce(1, true), {}, {}, empty);
  auto opener = Opener::start(key(), RecordKind::kBody, sealer->header(), kIdentity);
  REQUIRE(opener);
  is_tampered(opener->chunk(1, true, empty, 0));
}

TEST_CASE("a compressed body is read chunk by chunk in any order") {
  auto sealer = Sealer::start(key(), RecordKind::kBody, kFlagZstd, 2, kIdentity);
  REQUIRE(sealer);
  Bytes first(kChunk, 'a'), second = counting(3, kChunk), third = counting(1, 777);
  std::vector<Bytes> chunks;
  for (auto [plaintext, last] : {std::pair(&first, false), {&second, false}, {&third, true}}) {
    auto chunk = sealer->chunk(*plaintext, last);
    REQUIRE(chunk);
    CHECK(chunk->size() <= sealed_chunk_most());
    chunks.push_back(*chunk);
  }
  CHECK(chunks[0].size() < 200);
  auto opener = Opener::start(key(), RecordKind::kBody, sealer->header(), kIdentity);
  REQUIRE(opener);
  CHECK(opener->chunk(2, true, chunks[2], third.size()) == third);
  CHECK(opener->chunk(0, false, chunks[0], kChunk) == first);
  CHECK(opener->chunk(1, false, chunks[1], kChunk) == second);
  is_tampered(opener->chunk(0, true, chunks[0], kChunk));
  is_tampered(opener->chunk(1, false, chunks[0], kChunk));
  is_tampered(opener->chunk(2, true, chunks[2], third.size() - 1));
  is_tampered(opener->chunk(2, true, chunks[2], third.size() + 1));
  is_tampered(opener->chunk(2, true, chunks[2], kChunk + 1));
  is_tampered(opener->chunk(0, false, chunks[0], 100));
  CHECK_FALSE(opener->secret_chunk(2, true, chunks[2]));
}

TEST_CASE("a chunk that authenticates and is not exactly one honest frame is refused") {
  auto sealer = Sealer::start(key(), RecordKind::kBody, kFlagZstd, 1, kIdentity);
  REQUIRE(sealer);
  auto opener = Opener::start(key(), RecordKind::kBody, sealer->header(), kIdentity);
  REQUIRE(opener);
  auto derived = derive_record_key(key(), BytesView(sealer->header()).first(12),
                                   BytesView(sealer->header()).subspan(12, 32), kIdentity);
  auto seal = [&](BytesView frame) {
    Bytes out(frame.size() + kTag);
    aead_seal(derived.key.reveal(), stream_nonce(0, true), {}, frame, out);
    return out;
  };
  auto compress = [](std::size_t size, bool with_size = true) {
    Bytes plaintext(size, 'z'), out(ZSTD_compressBound(size));
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, with_size);
    out.resize(ZSTD_compress2(context, out.data(), out.size(), plaintext.data(), plaintext.size()));
    ZSTD_freeCCtx(context);
    return out;
  };
  Bytes honest = compress(100);
  REQUIRE(opener->chunk(0, true, seal(honest), 100) == Bytes(100, 'z'));

  Bytes bomb = compress(200'000'000);  // some kilobytes that become 200 MB
  REQUIRE(bomb.size() < kChunk);
  is_tampered(opener->chunk(0, true, seal(bomb), kChunk));
  is_tampered(opener->chunk(0, true, seal(bomb), 100));

  Bytes unsized = compress(100, false);
  is_tampered(opener->chunk(0, true, seal(unsized), 100));

  Bytes two = honest;
  append(two, honest);
  is_tampered(opener->chunk(0, true, seal(two), 100));
  is_tampered(opener->chunk(0, true, seal(two), 200));

  Bytes trailing = honest;
  trailing.push_back(0);
  is_tampered(opener->chunk(0, true, seal(trailing), 100));
  is_tampered(opener->chunk(0, true, seal(BytesView(honest).first(honest.size() - 1)), 100));
  is_tampered(opener->chunk(0, true, seal(view("not a frame at all")), 100));
  is_tampered(opener->chunk(0, true, seal({}), 0));
  is_tampered(opener->chunk(0, true, seal(Bytes(sealed_chunk_most() + 1)), kChunk));
}

TEST_CASE("a whole record is never compressed") {
  auto sealer = Sealer::start(key(), RecordKind::kBody, kFlagZstd, 1, kIdentity);
  REQUIRE(sealer);
  auto chunk = sealer->chunk(view("hello"), true);
  REQUIRE(chunk);
  Bytes record(sealer->header().begin(), sealer->header().end());
  append(record, *chunk);
  is_tampered(open(record, RecordKind::kBody));
}
