// The vectors of runnerfs-formats(7). They were computed by another program: agreement is the point.
#include "crypto/ids.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

TEST_CASE("the key that opens a ring is derived from the root key and the store id") {
  SecretBytes kek = hkdf(root_key().reveal(), store_id(), view("runnerfs/v1/ring"));
  CHECK(hex(kek.reveal()) == "1ba3365c23fdcbaa6c4f99a6dd165541d22984f1bce5f2159c1cfb01e0004aea");
}

TEST_CASE("a term's key for secrets is the one of the page") {
  auto ring = vector_key_ring();
  auto key = ring->record_key(1, RecordKind::kSecret);
  REQUIRE(key);
  CHECK(hex((*key)->reveal()) == "213083e162d8c550c7b26d8d2d78f9edba5c60af0262672dd2de8a9ea23377d6");
}

TEST_CASE("the id of a secret is the one of the page") {
  Digest id = secret_id(*vector_key_ring(), 2, "1296269", "API_KEY");
  CHECK(hex(id) == "6ee39a48c654098c6ac4bc26fbed4500b9c5486b010713db6e6a2b28a9adec8e");
}

TEST_CASE("a sealed secret is the one of the page, byte for byte") {
  auto ring = vector_key_ring();
  Digest id = secret_id(*ring, 2, "1296269", "API_KEY");
  auto key = ring->record_key(1, RecordKind::kSecret);
  REQUIRE(key);
  auto record = seal_record(**key, RecordKind::kSecret, 1, secret_identity(id, 7), view("hello"), salt());
  REQUIRE(record);
  CHECK(hex(*record) ==
        "524653310103100000000001"
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        "48a5507a689c77842b2b77b499bcd64d78a93108cfb1c4248e2a56dbcd24fb57"
        "08187016983765aa88d5a29b5055eb13ca69622d00");

  auto opened = open_secret_record(**key, RecordKind::kSecret, *record, secret_identity(id, 7));
  REQUIRE(opened);
  CHECK(opened->reveal_text() == "hello");
}

TEST_CASE("another version has another commitment") {
  auto ring = vector_key_ring();
  Digest id = secret_id(*ring, 2, "1296269", "API_KEY");
  auto key = ring->record_key(1, RecordKind::kSecret);
  REQUIRE(key);
  auto record = seal_record(**key, RecordKind::kSecret, 1, secret_identity(id, 8), view("hello"), salt());
  REQUIRE(record);
  CHECK(hex(BytesView(*record).subspan(44, 32)) == "8df3c6b9cb29d565c598ebf302ac58bccc50681acb7894021d93591bfa042959");
}
