// What was stored is there after a restart, and a killed process leaves whole entries behind.
#include <filesystem>

#include "crypto/hash.h"
#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;
using namespace rfs::test;

namespace {

EntryPtr must_find(EntryStore& store, const EntryKey& key) {
  auto found = store.find(key);
  if (!found) FAIL(found.error().message);
  return *found;
}

}  // namespace

TEST_CASE("a restart keeps everything that was flushed") {
  World world;
  {
    auto store = world.open();
    for (std::size_t size : {10u, 10'000u, 400'000u})
      REQUIRE(store->put(entry_of(key_of("f" + std::to_string(size)), bytes_of_size(size, 1))));
    REQUIRE(store->flush(true));
  }
  auto store = world.open();
  CHECK(world.notice.empty());
  for (std::size_t size : {10u, 10'000u, 400'000u}) {
    EntryPtr entry = must_find(*store, key_of("f" + std::to_string(size)));
    REQUIRE(entry);
    CHECK(entry->found == Source::kDisk);
    CHECK(body_of(*entry) == bytes_of_size(size, 1));
  }
}

TEST_CASE("closing a store writes what is still queued") {
  World world;
  {
    auto store = world.open();
    for (int i = 0; i < 300; ++i) REQUIRE(store->put(entry_of(key_of("q" + std::to_string(i)), std::to_string(i))));
    REQUIRE(store->remove(key_of("q7")));
  }
  auto store = world.open();
  for (int i = 0; i < 300; ++i) {
    EntryPtr entry = must_find(*store, key_of("q" + std::to_string(i)));
    if (i == 7) {
      CHECK(entry == nullptr);
    } else {
      REQUIRE(entry);
      CHECK(body_of(*entry) == std::to_string(i));
    }
  }
}

TEST_CASE("values of the store are kept") {
  World world;
  {
    auto store = world.open();
    CHECK(store->get_value("totals").value() == "");
    REQUIRE(store->set_value("totals", R"({"hits": 3})"));
    REQUIRE(store->set_value("ring", "no part of the key ring"));
  }
  auto store = world.open();
  CHECK(store->get_value("totals").value() == R"({"hits": 3})");
  CHECK(store->get_value("ring").value() == "no part of the key ring");
}

TEST_CASE("partitions hash the same after a restart, and otherwise in another store") {
  World world, other;
  Digest before = world.open()->partition_hash(view("token"));
  CHECK(world.open()->partition_hash(view("token")) == before);
  CHECK(world.open()->partition_hash(view("another token")) != before);
  CHECK(other.open()->partition_hash(view("token")) != before);
}

TEST_CASE("a process killed in the middle of 200 writes leaves whole entries or none") {
  // Early, in the middle, and near the end.
  for (int lines : {1, 12, 30}) {
    INFO("killed after " << lines << " lines");
    World world;
    int committed = -1;
    {
      Child child({"write", world.directory, "200"});
      for (int i = 0; i < lines; ++i) committed = std::stoi(child.line());
      child.kill();
    }
    auto store = world.open();
    CHECK(world.notice.empty());
    auto problems = store->check(true);
    REQUIRE(problems);
    CHECK(*problems == std::vector<std::string>{});
    int whole = 0;
    for (int i = 0; i < 200; ++i) {
      EntryPtr entry = must_find(*store, key_of("k" + std::to_string(i)));
      if (!entry) {
        CHECK(i > committed);
        continue;
      }
      ++whole;
      CHECK(sha256(view(body_of(*entry))) == entry->sha256);
    }
    CHECK(whole > committed);
    CHECK(store->usage().entries == static_cast<std::uint64_t>(whole));
  }
}

TEST_CASE("files that a killed process left in objects are removed") {
  World world;
  {
    auto store = world.open();
    REQUIRE(store->put_now(entry_of(key_of("large"), bytes_of_size(300'000, 1)), false));
  }
  auto before = files_below(world.directory + "/objects");
  REQUIRE(before.size() == 1);
  write_file(world.directory + "/objects/00112233445566778899aabbccddeeff", "abandoned");
  write_file(world.directory + "/objects/ffeeddccbbaa99887766554433221100.draft", "abandoned");
  write_file(world.directory + "/objects/README", "not ours");
  auto store = world.open();
  REQUIRE(store->flush(false));
  before.emplace_back("README");
  std::sort(before.begin(), before.end());
  CHECK(files_below(world.directory + "/objects") == before);
  REQUIRE(must_find(*store, key_of("large")));
  CHECK(body_of(*must_find(*store, key_of("large"))) == bytes_of_size(300'000, 1));
}
