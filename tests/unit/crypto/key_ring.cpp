#include "crypto/key_ring.h"

#include "crypto/ids.h"
#include "crypto/tlv.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

namespace {

Bytes record_key(const KeyRing& ring, std::uint32_t term, RecordKind kind) {
  auto key = ring.record_key(term, kind);
  REQUIRE(key);
  BytesView bytes = (*key)->reveal();
  return Bytes(bytes.begin(), bytes.end());
}

Code open_code(BytesView sealed, const Id16& id = store_id(), const SecretBytes& root = root_key()) {
  auto ring = KeyRing::open(id, root, sealed);
  REQUIRE_FALSE(ring);
  return ring.error().code;
}

// The RING record of a plaintext that may be anything.
Bytes ring_of(BytesView plaintext) {
  Bytes identity;
  append_lp(identity, BytesView(store_id()));
  SecretBytes kek = hkdf(root_key().reveal(), store_id(), view("runnerfs/v1/ring"));
  auto sealed = seal_record(kek, RecordKind::kRing, 0, identity, plaintext);
  REQUIRE(sealed);
  return *sealed;
}

}  // namespace

TEST_CASE("a new ring opens again with the same keys") {
  Bytes sealed;
  auto made = KeyRing::create(store_id(), root_key(), sealed, 1'700'000'000);
  REQUIRE(made);
  auto opened = KeyRing::open(store_id(), root_key(), sealed);
  REQUIRE(opened);
  CHECK((*opened)->current_term() == 1);
  CHECK((*opened)->store_id() == store_id());
  CHECK((*opened)->lookup_key().equals((*made)->lookup_key().reveal()));
  CHECK((*opened)->parent_key().equals((*made)->parent_key().reveal()));
  CHECK((*opened)->partition_key().equals((*made)->partition_key().reveal()));
  CHECK((*opened)->acc_key().equals((*made)->acc_key().reveal()));
  CHECK(record_key(**opened, 1, RecordKind::kMeta) == record_key(**made, 1, RecordKind::kMeta));
}

TEST_CASE("all keys of a ring differ, and so do those of two rings") {
  Bytes sealed, other_sealed;
  auto ring = KeyRing::create(store_id(), root_key(), sealed);
  auto other = KeyRing::create(store_id(), root_key(), other_sealed);
  REQUIRE(ring);
  REQUIRE(other);
  std::vector<std::string> keys;
  for (const KeyRing* each : {ring->get(), other->get()}) {
    for (const SecretBytes* key : {&each->lookup_key(), &each->parent_key(), &each->partition_key(), &each->acc_key()})
      keys.push_back(hex(key->reveal()));
    for (RecordKind kind :
         {RecordKind::kMeta, RecordKind::kBody, RecordKind::kSecret, RecordKind::kRoot, RecordKind::kNodeKey})
      keys.push_back(hex(record_key(*each, 1, kind)));
  }
  std::sort(keys.begin(), keys.end());
  CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
}

TEST_CASE("another root key or another store's ring is no key, and says so") {
  Bytes sealed = vector_ring();
  CHECK(open_code(sealed, store_id(), repeated(9)) == Code::kNoKey);
  Id16 other = store_id();
  other[0] ^= 1;
  CHECK(open_code(sealed, other) == Code::kNoKey);
  CHECK(open_code(sealed, store_id(), SecretBytes::copy_of("short")) == Code::kNoKey);
  CHECK(KeyRing::open(store_id(), repeated(9), sealed).error().message == "this key is not this store's");
}

TEST_CASE("a damaged ring is never opened") {
  Bytes sealed = vector_ring();
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes changed = sealed;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    Code code = open_code(changed);
    // What is before the chunks is covered by the commitment; the key and the damage look alike there.
    CHECK((code == Code::kTampered || (code == Code::kNoKey && bit / 8 < kHeaderSize)));
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) open_code(BytesView(sealed).first(size));
}

TEST_CASE("a ring that is sealed well and says nonsense is refused") {
  auto plaintext = [](std::uint32_t current, std::initializer_list<std::uint32_t> terms, std::uint16_t count) {
    Bytes out;
    append_be(out, current);
    append(out, Bytes(32, 1));
    append_be(out, count);
    for (std::uint32_t term : terms) {
      append_be(out, term);
      append(out, Bytes(32 + 16, 2));
    }
    return out;
  };
  REQUIRE(KeyRing::open(store_id(), root_key(), ring_of(plaintext(2, {1, 2}, 2))));
  CHECK(open_code(ring_of({})) == Code::kTampered);
  CHECK(open_code(ring_of(plaintext(1, {}, 0))) == Code::kTampered);
  CHECK(open_code(ring_of(plaintext(3, {1, 2}, 2))) == Code::kTampered);
  CHECK(open_code(ring_of(plaintext(0, {0}, 1))) == Code::kTampered);
  CHECK(open_code(ring_of(plaintext(1, {2, 1}, 2))) == Code::kTampered);
  CHECK(open_code(ring_of(plaintext(1, {1, 1}, 2))) == Code::kTampered);
  CHECK(open_code(ring_of(plaintext(1, {1, 2}, 1))) == Code::kTampered);
  CHECK(open_code(ring_of(plaintext(1, {1}, 2))) == Code::kTampered);
}

TEST_CASE("a next term seals what is new and still opens what is old") {
  Bytes sealed, next_sealed;
  auto ring = KeyRing::create(store_id(), root_key(), sealed);
  REQUIRE(ring);
  auto next = (*ring)->next_term(root_key(), 1'700'000'000, next_sealed);
  REQUIRE(next);
  CHECK((*next)->current_term() == 2);
  auto opened = KeyRing::open(store_id(), root_key(), next_sealed);
  REQUIRE(opened);
  CHECK((*opened)->current_term() == 2);
  CHECK(record_key(**opened, 1, RecordKind::kBody) == record_key(**ring, 1, RecordKind::kBody));
  CHECK(record_key(**opened, 2, RecordKind::kBody) != record_key(**ring, 1, RecordKind::kBody));
  CHECK((*opened)->lookup_key().equals((*ring)->lookup_key().reveal()));
  CHECK((*ring)->record_key(2, RecordKind::kBody).error().code == Code::kNoKey);
  CHECK((*ring)->record_key(1, RecordKind::kRing).error().code == Code::kNoKey);
}

TEST_CASE("ids depend on each of their parts, and parts cannot run into each other") {
  auto ring = vector_key_ring();
  std::vector<std::string> ids;
  for (Digest id :
       {entry_id(*ring, 1, "p", "c", "key"), entry_id(*ring, 2, "p", "c", "key"), entry_id(*ring, 1, "pc", "", "key"),
        entry_id(*ring, 1, "", "pc", "key"), entry_id(*ring, 1, "p", "ck", "ey"), entry_id(*ring, 1, "p", "c", ""),
        parent_id(*ring, 1, "p", "c", "key"), secret_id(*ring, 1, "p", "c"),
        entry_id(*ring, 1, "p", "c", std::string(65'535, 'k')), entry_id(*ring, 1, "p", "c", std::string(65'536, 'k')),
        entry_id(*ring, 1, "p", "c", std::string(65'537, 'k'))})
    ids.push_back(hex(id));
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(entry_id(*ring, 1, "p", "c", "key") == entry_id(*ring, 1, "p", "c", "key"));
}

TEST_CASE("fields of META come back by tag") {
  Bytes plaintext = TlvWriter().text(1, "name").integer(7, std::uint16_t{200}).bytes(19, {}).text(0x80, "later").take();
  auto reader = TlvReader::parse(plaintext, 22);
  REQUIRE(reader);
  CHECK(text(*reader->find(1)) == "name");
  CHECK(reader->integer<std::uint16_t>(7) == 200);
  CHECK_FALSE(reader->integer<std::uint32_t>(7));
  CHECK(reader->find(19)->empty());
  CHECK_FALSE(reader->find(2));
  CHECK(TlvReader::parse({}, 22));
}

TEST_CASE("fields of META that are unknown, doubled, out of order or cut off are refused") {
  CHECK_FALSE(TlvReader::parse(TlvWriter().text(23, "").take(), 22));
  CHECK_FALSE(TlvReader::parse(TlvWriter().text(0x7f, "").take(), 22));
  CHECK_FALSE(TlvReader::parse(TlvWriter().text(0, "").take(), 22));
  CHECK(TlvReader::parse(TlvWriter().text(0x80, "").text(0xff, "").take(), 22));
  CHECK_FALSE(TlvReader::parse(TlvWriter().text(3, "").text(3, "").take(), 22));
  CHECK_FALSE(TlvReader::parse(TlvWriter().text(4, "").text(3, "").take(), 22));
  Bytes good = TlvWriter().text(1, "name").text(2, "space").take();
  for (std::size_t size = 0; size < good.size(); ++size) {
    auto reader = TlvReader::parse(BytesView(good).first(size), 22);
    CAPTURE(size);
    CHECK(bool(reader) == (size == 0 || size == 9));  // whole fields
    if (!reader) CHECK(reader.error().code == Code::kTampered);
  }
  Bytes huge{1, 0xff, 0xff, 0xff, 0xff, 'x'};
  CHECK_FALSE(TlvReader::parse(huge, 22));
}
