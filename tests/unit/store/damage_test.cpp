// A damaged store never answers a wrong value, never crashes, and nothing of it is deleted.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>

#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;
using namespace rfs::test;

namespace {

const std::vector<std::size_t> kSizes{100, 50'000, 400'000};

std::string name_of(std::size_t size) { return "d" + std::to_string(size); }

void fill(EntryStore& store) {
  for (std::size_t size : kSizes)
    REQUIRE(store.put(entry_of(key_of(name_of(size)), bytes_of_size(size, static_cast<unsigned>(size)))));
  REQUIRE(store.flush(true));
}

// Whole and right, or not at all. Answers whether it was there.
bool right_or_absent(EntryStore& store, std::size_t size) {
  auto found = store.find(key_of(name_of(size)));
  if (!found || !*found) return false;
  CHECK((*found)->meta.status == 200);
  CHECK((*found)->meta.expires_at == 1'700'000'060);
  std::string expected = bytes_of_size(size, static_cast<unsigned>(size));
  CHECK((*found)->body->size() == expected.size());
  Bytes bytes((*found)->body->size());
  auto n = (*found)->body->read_at(0, bytes);
  if (!n) return false;
  CHECK(text(BytesView(bytes).first(*n)) == expected);
  return true;
}

std::vector<std::string> set_aside_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& at : std::filesystem::directory_iterator(directory))
    if (at.path().filename().string().find(".corrupt-") != std::string::npos)
      names.push_back(at.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("another key is refused, and the store is left as it is") {
  World world;
  fill(*world.open());
  auto wrong = world.try_open(root_of(8));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Code::kNoKey);
  auto store = world.open();
  CHECK(world.notice.empty());
  for (std::size_t size : kSizes) CHECK(right_or_absent(*store, size));
}

TEST_CASE("a newer schema is refused, and so is a database of another program") {
  World world;
  fill(*world.open());
  SECTION("newer") { sql(world.directory, "PRAGMA user_version = 1000"); }
  SECTION("another program's") { sql(world.directory, "PRAGMA application_id = 1"); }
  auto refused = world.try_open(root_of());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kUnsupported);
  CHECK_FALSE(refused.error().hint.empty());
  CHECK(set_aside_in(world.directory).empty());
}

TEST_CASE("a database that is none is set aside under a name that is told") {
  World world;
  fill(*world.open());
  std::string path = world.directory + "/cache.db", damaged = content_of(path);
  SECTION("its header is garbage") { damaged.replace(0, 100, std::string(100, 'x')); }
  SECTION("it is cut off") { damaged.resize(damaged.size() / 3); }
  SECTION("it is text") { damaged = "this is no database\n"; }
  write_file(path, damaged);
  auto store = world.open();
  REQUIRE(world.notice.find("cache.db.corrupt-20231114T221320Z") != std::string::npos);
  CHECK(world.errors.jsonl().find("cache.db.corrupt-20231114T221320Z") != std::string::npos);
  CHECK(content_of(path + ".corrupt-20231114T221320Z") == damaged);
  CHECK(std::filesystem::exists(world.directory + "/objects.corrupt-20231114T221320Z"));
  for (std::size_t size : kSizes) CHECK_FALSE(right_or_absent(*store, size));
  fill(*store);
  for (std::size_t size : kSizes) CHECK(right_or_absent(*store, size));
  CHECK(store->check(true).value().empty());

  // A second time in the same second takes another name.
  store.reset();
  write_file(path, "again no database");
  store = world.open();
  CHECK(world.notice.find("cache.db.corrupt-20231114T221320Z-2") != std::string::npos);
  CHECK(content_of(path + ".corrupt-20231114T221320Z") == damaged);
}

TEST_CASE("a database that becomes corrupt while it is used is replaced, and the store goes on") {
  World world;
  fill(*world.open());
  auto store = world.open();
  Digest partition = store->partition_hash(view("token"));
  std::string path = world.directory + "/cache.db", content = content_of(path);
  // In place, as a failing disk does it: the file that is open.
  {
    FILE* file = std::fopen(path.c_str(), "r+b");
    REQUIRE(file);
    std::fseek(file, 4096, SEEK_SET);
    std::string garbage(content.size() - 4096, '\xff');
    CHECK(std::fwrite(garbage.data(), 1, garbage.size(), file) == garbage.size());
    std::fclose(file);
  }
  CHECK_FALSE(store->find(key_of(name_of(100))));
  REQUIRE(store->flush(false));
  CHECK(set_aside_in(world.directory).size() >= 2);
  CHECK(world.errors.jsonl().find(".corrupt-") != std::string::npos);
  CHECK(store->partition_hash(view("token")) == partition);
  fill(*store);
  for (std::size_t size : kSizes) CHECK(right_or_absent(*store, size));
  CHECK(store->trouble().empty());
  store.reset();
  store = world.open();
  CHECK(world.notice.empty());
  for (std::size_t size : kSizes) CHECK(right_or_absent(*store, size));
}

TEST_CASE("a flipped byte in any column never gives a wrong value, and the next put heals it") {
  struct Column {
    const char* table;
    const char* column;
  };
  auto column = GENERATE(values<Column>({{"entry", "id"},
                                         {"entry", "parent"},
                                         {"entry", "body_id"},
                                         {"entry", "meta"},
                                         {"entry", "exp_hint"},
                                         {"entry", "size_hint"},
                                         {"entry", "used_hint"},
                                         {"entry", "space"},
                                         {"body", "body_id"},
                                         {"body", "digest"},
                                         {"body", "size"},
                                         {"body", "file"},
                                         {"chunk", "body_id"},
                                         {"chunk", "i"},
                                         {"chunk", "data"},
                                         {"directory", "id"},
                                         {"directory", "parent"},
                                         {"directory", "rec"}}));
  for (std::size_t offset : {std::size_t{0}, std::size_t{5}, std::size_t{20}, std::size_t{50}, std::size_t{90}}) {
    INFO(column.table << "." << column.column << " byte " << offset);
    World world;
    fill(*world.open());
    flip_column(world.directory, column.table, column.column, offset);
    auto store = world.open();
    for (std::size_t size : kSizes) right_or_absent(*store, size);
    auto listed = store->list(Space::kApi, "p", "", "repos/octo/hello");
    if (listed)
      for (const Listed& one : *listed) CHECK((one.name == "hello" || one.name.substr(0, 1) == "d"));
    fill(*store);
    for (std::size_t size : kSizes) CHECK(right_or_absent(*store, size));
  }
}

TEST_CASE("a damaged record is counted each time and told once") {
  World world;
  fill(*world.open());
  flip_column(world.directory, "entry", "meta", 80);
  auto store = world.open();
  for (int i = 0; i < 3; ++i) {
    auto found = store->find(key_of(name_of(100)));
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Code::kTampered);
  }
  CHECK(world.counters.get(Counter::kTampered) == 3);
  CHECK(world.errors.size() == 1);
  CHECK(world.errors.jsonl().find("api/repos/octo/hello/d100.json") != std::string::npos);
  // It is left in place, for whoever wants to look at it.
  CHECK(sql(world.directory, "SELECT count(*) FROM entry") == "3");
  auto problems = store->check(true);
  REQUIRE(problems);
  CHECK(problems->size() == 3);
}

TEST_CASE("a damaged body is an error to its reader, and from then on its entry is to be fetched again") {
  World world;
  fill(*world.open());
  std::size_t size = GENERATE(50'000u, 400'000u);
  if (size == 50'000u) {
    flip_column(world.directory, "chunk", "data", 1'000);
  } else {
    std::string path = world.directory + "/objects/" + files_below(world.directory + "/objects").at(0);
    std::string content = content_of(path);
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
    write_file(path, content);
  }
  auto store = world.open();
  EntryPtr entry = store->find(key_of(name_of(size))).value();
  REQUIRE(entry);
  Bytes bytes(size);
  auto n = entry->body->read_at(0, bytes);
  REQUIRE_FALSE(n);
  CHECK(n.error().code == Code::kTampered);
  auto again = store->find(key_of(name_of(size)));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Code::kTampered);
  // The same bytes, fetched again: not shared with the damaged ones.
  REQUIRE(store->put_now(entry_of(key_of(name_of(size)), bytes_of_size(size, static_cast<unsigned>(size))), false));
  CHECK(right_or_absent(*store, size));
}

TEST_CASE("a body whose file or rows are gone is no answer of api/, before anybody has its size") {
  World world;
  fill(*world.open());
  const std::size_t size = GENERATE(50'000u, 400'000u);
  const std::string file = world.directory + "/objects/" + files_below(world.directory + "/objects").at(0);
  const bool whole = GENERATE(true, false);
  if (size == 50'000u)
    sql(world.directory, whole ? "DELETE FROM chunk" : "UPDATE chunk SET data = substr(data, 2) WHERE i = 0");
  else if (whole)
    std::filesystem::remove(file);
  else
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  auto store = world.open();
  auto found = store->find(key_of(name_of(size)));
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Code::kTampered);
  CHECK(store->find(key_of(name_of(100))).value());
  REQUIRE(store->put_now(entry_of(key_of(name_of(size)), bytes_of_size(size, static_cast<unsigned>(size))), false));
  CHECK(right_or_absent(*store, size));
}

TEST_CASE("a body of cache/ that is gone is an error to its reader, since nobody else has it") {
  World world;
  EntryKey key = key_of("big");
  key.space = Space::kCache;
  REQUIRE(world.open()->put_now(entry_of(key, bytes_of_size(400'000, 1)), true));
  std::filesystem::remove(world.directory + "/objects/" + files_below(world.directory + "/objects").at(0));
  auto store = world.open();
  for (int i = 0; i < 2; ++i) {
    EntryPtr entry = store->find(key).value();
    REQUIRE(entry);
    Bytes bytes(10);
    CHECK(entry->body->read_at(0, bytes).error().code == Code::kBroken);
  }
  CHECK(store->check(true).value().size() == 1);
}

TEST_CASE("random damage to the file never gives a wrong value") {
  World world;
  fill(*world.open());
  std::string path = world.directory + "/cache.db", sound = content_of(path);
  std::mt19937 random(20240101);
  for (int round = 0; round < 40; ++round) {
    INFO("round " << round);
    std::string damaged = sound;
    for (int i = 0; i < 8; ++i) {
      std::size_t at = random() % damaged.size();
      damaged[at] = static_cast<char>(damaged[at] ^ (1u << (random() % 8)));
    }
    write_file(path, damaged);
    auto opened = world.try_open(root_of());
    // A damaged header may look like a newer version or another program's file, a damaged ring like another key.
    if (!opened) continue;
    for (std::size_t size : kSizes) right_or_absent(**opened, size);
    (void)(*opened)->list(Space::kApi, "p", "", "repos/octo/hello");
    (void)(*opened)->check(true);
  }
}
