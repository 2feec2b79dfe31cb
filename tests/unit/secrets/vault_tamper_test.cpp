// What is done to the database by something else than this program: an error and a line, never a value.
#include <filesystem>
#include <fstream>

#include "tests/catch.h"
#include "tests/unit/secrets/vault_rig.h"

using namespace rfs;
using namespace rfs::test;
namespace fs = std::filesystem;

namespace {

// A copy of the database as it is, with what is still in its write-ahead log.
void copy_database(VaultRig& rig, const std::string& to) {
  fs::remove(to);
  rig.sql("VACUUM INTO '" + to + "'");
}

void put_back(VaultRig& rig, const std::string& from) {
  for (const char* name : {"/credentials.db", "/credentials.db-wal", "/credentials.db-shm"})
    fs::remove(rig.directory + name);
  fs::copy_file(from, rig.directory + "/credentials.db");
}

std::string one_row(VaultRig& rig) { return rig.sql("SELECT length(rec) FROM secret"); }

}  // namespace

TEST_CASE("no bit of a stored record can be flipped") {
  VaultRig rig;
  auto running = rig.open();
  REQUIRE(running->put(kRepo, "A", secret_of("canary"), {}, rig.who));
  const int bits = 8 * std::stoi(one_row(rig));
  // Whoever has the store open; the header again by who opens it anew.
  for (int bit = 0; bit < bits; ++bit) {
    INFO("bit " << bit);
    rig.sql("UPDATE secret SET rec = flip(rec, " + std::to_string(bit) + ")");
    auto read = running->open_effective("A", rig.who);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::kTampered);
    if (bit < 8 * 76 ? bit % 5 == 0 : bit % 97 == 0) {
      auto fresh = rig.try_open(key_of(), rig.context);
      if (fresh) fresh.value()->list_effective().value();
      auto value = fresh ? (*fresh)->open_effective("A", rig.who) : fail(fresh.error());
      REQUIRE_FALSE(value);
      CHECK(value.error().code == Code::kTampered);
    }
    rig.sql("UPDATE secret SET rec = flip(rec, " + std::to_string(bit) + ")");
  }
  rig.lines->clear();
  CHECK(text_of(*running->open_effective("A", rig.who)) == "canary");
  rig.sql("UPDATE secret SET rec = flip(rec, 700)");
  CHECK_FALSE(running->open_effective("A", rig.who));
  CHECK(rig.lines->words() == std::vector<std::string>{"granted A", "error A tampered"});
  CHECK(rig.counters.get(Counter::kTampered) > 0);
  // Storing it again is the repair.
  REQUIRE(running->put(kRepo, "A", secret_of("good"), {}, rig.who));
  CHECK(text_of(*running->open_effective("A", rig.who)) == "good");
}

TEST_CASE("rows cannot be swapped, moved, edited, removed or added") {
  VaultRig rig;
  auto running = rig.open();
  REQUIRE(running->put(kRepo, "A", secret_of("a"), {}, rig.who));
  REQUIRE(running->put(kGlobal, "B", secret_of("b"), {}, rig.who));
  const std::string edit = GENERATE(
      // values between names and scopes
      "UPDATE secret SET rec = (SELECT rec FROM was WHERE was.id <> secret.id)",
      "UPDATE secret SET (rec, version) = (SELECT rec, version FROM was WHERE was.id <> secret.id)",
      "UPDATE secret SET parent = (SELECT parent FROM was WHERE was.id <> secret.id)",
      "UPDATE secret SET version = version + 1", "UPDATE secret SET version = -1", "DELETE FROM secret",
      "UPDATE secret SET rec = x''", "UPDATE secret SET rec = substr(rec, 1, 300)",
      "UPDATE secret SET rec = CAST(rec || x'00' AS BLOB)");
  INFO(edit);
  rig.sql("CREATE TEMP TABLE was AS SELECT * FROM secret; " + edit);
  CHECK(running->open_effective("A", rig.who).error().code == Code::kTampered);
  CHECK(running->open_effective("B", rig.who).error().code == Code::kTampered);
  auto fresh = rig.try_open(key_of(), rig.context);
  if (fresh)
    CHECK((*fresh)->open_effective("A", rig.who).error().code == Code::kTampered);
  else
    CHECK(fresh.error().code == Code::kTampered);
}

TEST_CASE("ROOT and the ring cannot be edited") {
  VaultRig rig;
  rig.open()->put(kRepo, "A", secret_of("a"), {}, rig.who).value();
  const std::string name = GENERATE("root", "ring", "store_id");
  const int size = std::stoi(rig.sql("SELECT length(value) FROM meta WHERE name = '" + name + "'"));
  for (int bit = 0; bit < 8 * size; bit += 3) {
    INFO(name << " bit " << bit);
    const std::string flip =
        "UPDATE meta SET value = flip(value, " + std::to_string(bit) + ") WHERE name = '" + name + "'";
    rig.sql(flip);
    auto opened = rig.try_open(key_of(), rig.context);
    REQUIRE_FALSE(opened);
    CHECK((opened.error().code == Code::kTampered || opened.error().code == Code::kNoKey));
    rig.sql(flip);
  }
  CHECK(rig.try_open(key_of(), rig.context));
}

TEST_CASE("an older row that is put back is noticed") {
  VaultRig rig;
  auto running = rig.open();
  REQUIRE(running->put(kRepo, "A", secret_of("old"), {}, rig.who));
  const std::string save = "CREATE TABLE saved AS SELECT * FROM secret",
                    restore = "DELETE FROM secret; INSERT INTO secret SELECT * FROM saved";
  rig.sql(save);
  REQUIRE(running->put(kRepo, "A", secret_of("new"), {}, rig.who));
  rig.sql(restore);
  CHECK(running->open_effective("A", rig.who).error().code == Code::kTampered);
  CHECK(rig.try_open(key_of(), rig.context).error().code == Code::kTampered);
}

TEST_CASE("a whole store that is put back is older than its log") {
  VaultRig rig;
  const std::string copy = rig.scratch.path("copy.db");
  {
    auto vault = rig.open();
    REQUIRE(vault->put(kRepo, "A", secret_of("old"), {}, rig.who));
    copy_database(rig, copy);
    REQUIRE(vault->put(kRepo, "A", secret_of("new"), {}, rig.who));
  }
  put_back(rig, copy);
  rig.lines->clear();
  auto opened = rig.try_open(key_of(), rig.context);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Code::kTampered);
  CHECK(opened.error().message == "the credentials store is older than its audit log");
  CHECK(rig.lines->words() == std::vector<std::string>{"error  tampered"});
  fs::remove(rig.directory + "/credentials.db");
  CHECK(rig.try_open(key_of(), rig.context).error().code == Code::kTampered);
}

TEST_CASE("a store that is exchanged under a running vault gives nothing any more") {
  VaultRig rig;
  const std::string copy = rig.scratch.path("copy.db");
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "A", secret_of("old"), {}, rig.who));
  copy_database(rig, copy);
  put_back(rig, copy);
  CHECK(vault->open_effective("A", rig.who).error().code == Code::kTampered);
  CHECK_FALSE(vault->put(kRepo, "A", secret_of("new"), {}, rig.who));
}

TEST_CASE("a file that is no database, or half of one, is refused and left alone") {
  VaultRig rig;
  rig.open()->put(kRepo, "A", secret_of("a"), {}, rig.who).value();
  const std::string path = rig.directory + "/credentials.db";
  SECTION("half") { fs::resize_file(path, fs::file_size(path) / 2 + 100); }
  SECTION("noise") { std::ofstream(path, std::ios::binary | std::ios::trunc) << std::string(20'000, 'x'); }
  const auto size = fs::file_size(path);
  CHECK_FALSE(rig.try_open(key_of(), rig.context));
  CHECK(fs::file_size(path) == size);
}

TEST_CASE("another key, and a store of another version, are refused") {
  VaultRig rig;
  rig.open()->put(kRepo, "A", secret_of("a"), {}, rig.who).value();
  auto other = rig.try_open(key_of(8), rig.context);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Code::kNoKey);
  rig.sql("PRAGMA user_version = 99");
  auto newer = rig.try_open(key_of(), rig.context);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().code == Code::kUnsupported);
  CHECK(newer.error().message == "the credentials database was written by a newer version of this program");
  CHECK_FALSE(newer.error().hint.empty());
  rig.sql("PRAGMA user_version = 1");
  CHECK(rig.open()->open_effective("A", rig.who));
}

TEST_CASE("what was replaced or removed is in no file, and no name ever is") {
  VaultRig rig;
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "CANARY_NAME", secret_of("canary-value"), {}, rig.who));
  const std::string old = rig.sql("SELECT hex(substr(rec, 45, 40)) FROM secret");
  REQUIRE(vault->put(kRepo, "CANARY_NAME", secret_of("canary-value-2"), {}, rig.who));
  const std::string newer = rig.sql("SELECT hex(substr(rec, 45, 40)) FROM secret");
  auto found = [&](const std::string& what) {
    for (const auto& file : fs::directory_iterator(rig.directory)) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string all((std::istreambuf_iterator<char>(in)), {});
      if (all.find(what) != std::string::npos) return true;
    }
    return false;
  };
  auto raw = [](const std::string& hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return out;
  };
  CHECK(found(raw(newer)));
  CHECK_FALSE(found(raw(old)));
  REQUIRE(vault->remove(kRepo, "CANARY_NAME", rig.who));
  CHECK_FALSE(found(raw(newer)));
  CHECK_FALSE(found("CANARY_NAME"));
  CHECK_FALSE(found("canary-value"));
}
