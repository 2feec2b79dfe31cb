// The parts that a store is made of: the SQLite wrapper, the schema, the codec of META, the locks.
#include <cmath>
#include <limits>

#include "backends/store/codec.h"
#include "backends/store/db.h"
#include "backends/store/locks.h"
#include "backends/store/schema.h"
#include "crypto/tlv.h"
#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::store;

namespace {

std::unique_ptr<Db> memory_db() {
  auto db = Db::open(":memory:", Db::Mode::kReadWrite, 0);
  REQUIRE(db);
  return std::move(*db);
}

MetaRecord inline_record() {
  MetaRecord record;
  record.key = contract::key_of("a");
  record.inline_body = "body";
  record.raw_len = 4;
  return record;
}

MetaRecord stored_record() {
  MetaRecord record;
  record.key = contract::key_of("a");
  record.raw_len = 300'000;
  record.body.emplace().index.emplace();
  record.body->id[0] = 1;
  return record;
}

Code refusal(const Bytes& plaintext) {
  auto decoded = decode_meta(plaintext);
  REQUIRE_FALSE(decoded);
  return decoded.error().code;
}

}  // namespace

TEST_CASE("a transaction is rolled back unless it is committed") {
  auto db = memory_db();
  REQUIRE(db->exec("CREATE TABLE t (x)"));
  {
    auto txn = Txn::begin(*db);
    REQUIRE(txn);
    REQUIRE(db->use("INSERT INTO t VALUES (?)").integer(1).run());
  }
  CHECK(db->integer("SELECT count(*) FROM t").value() == 0);
  auto txn = Txn::begin(*db);
  REQUIRE(txn);
  REQUIRE(db->use("INSERT INTO t VALUES (?)").integer(2).run());
  REQUIRE(txn->commit());
  CHECK(db->integer("SELECT x FROM t").value() == 2);
}

TEST_CASE("a statement gives back what was bound, also when it is empty or holds zeros") {
  auto db = memory_db();
  auto stmt = db->use("SELECT ?, ?, ?, ?, ?");
  stmt.integer(-5).blob({}).blob(Bytes{0, 1, 0}).text("").null();
  REQUIRE(stmt.step().value());
  CHECK(stmt.integer_at(0) == -5);
  CHECK_FALSE(stmt.null_at(1));
  CHECK(stmt.blob_at(1).empty());
  CHECK(stmt.blob_at(2).size() == 3);
  CHECK_FALSE(stmt.null_at(3));
  CHECK(stmt.null_at(4));
}

TEST_CASE("the same statement can be used while it is in use") {
  auto db = memory_db();
  const char* text = "SELECT ?";
  auto one = db->use(text);
  one.integer(1);
  REQUIRE(one.step().value());
  auto two = db->use(text);
  two.integer(2);
  REQUIRE(two.step().value());
  CHECK(one.integer_at(0) == 1);
  CHECK(two.integer_at(0) == 2);
}

TEST_CASE("a statement that makes no sense is an error and no crash") {
  auto db = memory_db();
  CHECK_FALSE(db->use("SELECT * FROM nowhere WHERE x = ?").integer(1).blob({}).text("x").null().step());
  CHECK_FALSE(db->exec("NONSENSE"));
  CHECK_FALSE(db->corrupt());
}

TEST_CASE("an older schema is brought up step by step, all or nothing") {
  auto db = memory_db();
  REQUIRE(db->exec("CREATE TABLE t (x); PRAGMA user_version = 3"));
  SECTION("all steps that it lacks") {
    const Migration steps[] = {{1, "NONSENSE"}, {3, "ALTER TABLE t ADD COLUMN y"}, {4, "ALTER TABLE t ADD COLUMN z"}};
    REQUIRE(migrate(*db, steps));
    CHECK(db->integer("PRAGMA user_version").value() == 5);
    CHECK(db->exec("SELECT x, y, z FROM t"));
  }
  SECTION("a step that fails undoes those before it") {
    const Migration steps[] = {{3, "ALTER TABLE t ADD COLUMN y"}, {4, "NONSENSE"}};
    CHECK_FALSE(migrate(*db, steps));
    CHECK(db->integer("PRAGMA user_version").value() == 3);
    CHECK_FALSE(db->exec("SELECT y FROM t"));
  }
  SECTION("a gap is refused") {
    const Migration steps[] = {{4, "ALTER TABLE t ADD COLUMN y"}};
    CHECK(migrate(*db, steps).error().code == Code::kUnsupported);
  }
}

TEST_CASE("the state of a schema is told by version and application") {
  auto db = memory_db();
  CHECK(schema_state(*db).value() == SchemaState::kEmpty);
  REQUIRE(create_schema(*db));
  CHECK(schema_state(*db).value() == SchemaState::kCurrent);
  REQUIRE(db->exec("PRAGMA user_version = 99"));
  CHECK(schema_state(*db).value() == SchemaState::kNewer);
  REQUIRE(db->exec("PRAGMA application_id = 0"));
  CHECK(schema_state(*db).value() == SchemaState::kForeign);
}

TEST_CASE("no query of a reader scans a table") {
  auto db = memory_db();
  REQUIRE(create_schema(*db));
  for (const char* query :
       {"SELECT used_hint, meta FROM entry WHERE id = ?", "SELECT id, meta FROM entry WHERE parent = ?",
        "SELECT id, rec FROM directory WHERE parent = ?", "SELECT data FROM chunk WHERE body_id = ? AND i = ?",
        "SELECT n, id, meta FROM entry WHERE space = ? AND n > ? ORDER BY n LIMIT ?",
        "SELECT entry.id, entry.meta FROM body JOIN entry ON entry.body_id = body.body_id WHERE body.digest = ? LIMIT "
        "1",
        "SELECT n FROM entry WHERE exp_hint <= ? ORDER BY exp_hint LIMIT ?"}) {
    std::string explain = std::string("EXPLAIN QUERY PLAN ") + query;
    auto plan = db->use(explain.c_str());
    int rows = 0;
    for (auto row = plan.step(); row && *row; row = plan.step(), ++rows) {
      INFO(query << ": " << plan.text_at(3));
      CHECK(plan.text_at(3).find("SCAN") == std::string_view::npos);
      CHECK(plan.text_at(3).find("TEMP B-TREE") == std::string_view::npos);
    }
    CHECK(rows > 0);
  }
}

TEST_CASE("META decodes to what was encoded") {
  for (const MetaRecord& record : {inline_record(), stored_record()}) {
    auto back = decode_meta(encode_meta(record));
    REQUIRE(back);
    CHECK(back->inline_body == record.inline_body);
    CHECK(back->body.has_value() == record.body.has_value());
    CHECK(encode_meta(*back) == encode_meta(record));
  }
}

TEST_CASE("META of another form is refused") {
  MetaRecord record = inline_record();
  SECTION("nothing") { CHECK(refusal({}) == Code::kTampered); }
  SECTION("cut off at any byte") {
    Bytes whole = encode_meta(record);
    // The last fields are optional ones: without them it is whole again.
    std::size_t required = encode_meta([&] {
                             MetaRecord bare = record;
                             bare.key.canonical.clear();
                             bare.key.directory.clear();
                             return bare;
                           }())
                               .size();
    for (std::size_t n = 0; n < required; ++n)
      CHECK(refusal(Bytes(whole.begin(), whole.begin() + static_cast<long>(n))) == Code::kTampered);
  }
  SECTION("an unknown tag below 0x80") {
    Bytes bytes = encode_meta(stored_record());
    // 23 is the first that no version has defined; it goes where ascending order wants it.
    MetaRecord bare = stored_record();
    bare.key.canonical.clear();
    bare.key.directory.clear();
    bytes = encode_meta(bare);
    append(bytes, TlvWriter().text(23, "x").take());
    CHECK(refusal(bytes) == Code::kTampered);
  }
  SECTION("a length that is not the body's") {
    record.raw_len = 5;
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
  }
  SECTION("no body at all") {
    record.inline_body.reset();
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
  }
  SECTION("two bodies") {
    record.body = stored_record().body;
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
  }
  SECTION("an inline body that is too long") {
    record.inline_body = std::string(kInlineMost + 1, 'x');
    record.raw_len = kInlineMost + 1;
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
  }
  SECTION("a body that has more chunks than numbers") {
    record = stored_record();
    record.raw_len = kBodyMost + 1;
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
  }
  SECTION("a time that is none") {
    record.meta.expires_at = std::numeric_limits<double>::quiet_NaN();
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
    record.meta.expires_at = std::numeric_limits<double>::infinity();
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
  }
  SECTION("numbers without a meaning") {
    record.meta.proof = static_cast<Proof>(9);
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
    record = inline_record();
    record.key.space = static_cast<Space>(0);
    CHECK(refusal(encode_meta(record)) == Code::kTampered);
  }
}

TEST_CASE("META with an unknown tag from 0x80 on is read") {
  Bytes bytes = encode_meta(inline_record());
  append(bytes, TlvWriter().text(0xf0, "of a later version").take());
  CHECK(decode_meta(bytes));
}

TEST_CASE("a sealed record opens under its own id alone") {
  Id16 store_id{};
  Bytes sealed_ring;
  SecretBytes root = SecretBytes::random(32);
  auto ring = KeyRing::create(store_id, root, sealed_ring);
  REQUIRE(ring);
  Digest id = store::entry_id(**ring, contract::key_of("a")), other = store::entry_id(**ring, contract::key_of("b"));
  auto sealed = seal_meta(**ring, id, inline_record());
  REQUIRE(sealed);
  CHECK(open_meta(**ring, id, *sealed));
  CHECK(open_meta(**ring, other, *sealed).error().code == Code::kTampered);
  CHECK(open_meta(**ring, id, BytesView(*sealed).first(40)).error().code == Code::kTampered);
  CHECK(open_meta(**ring, id, {}).error().code == Code::kTampered);
  CHECK(open_directory(**ring, id, *sealed).error().code == Code::kTampered);
}

TEST_CASE("pins and the gate hold between two who opened the same lock") {
  test::TempDir temp;
  auto one = Locks::open(temp.path() + "/lock").value(), two = Locks::open(temp.path() + "/lock").value();
  Id16 id{};
  id[3] = 9;
  CHECK_FALSE(two->pinned(id));
  auto pin = one->pin(id);
  CHECK(one->pinned(id));
  CHECK(two->pinned(id));
  auto again = one->pin(id);
  pin.reset();
  CHECK(two->pinned(id));
  again.reset();
  CHECK_FALSE(two->pinned(id));
  CHECK_FALSE(one->pinned(id));
  {
    auto gate = one->gate();
    REQUIRE(gate);
  }
  CHECK(two->gate());
}
