// A store stays within its bounds: expired entries go first, then those that were not used for longest.
#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;
using namespace rfs::test;

namespace {

bool has(EntryStore& store, const std::string& name) {
  auto found = store.find(key_of(name));
  REQUIRE(found);
  return *found != nullptr;
}

void put(World& world, EntryStore& store, const std::string& name, std::string body, double lifetime = 3600) {
  auto entry = entry_of(key_of(name), std::move(body));
  entry->meta.expires_at = world.clock.wall() + lifetime;
  REQUIRE(store.put_now(entry, false));
}

}  // namespace

TEST_CASE("the number of entries is bounded, and the oldest go first") {
  World world;
  world.options.max_entries = 32;
  auto store = world.open();
  for (int i = 0; i < 40; ++i) put(world, *store, "e" + std::to_string(i), "x");
  REQUIRE(store->flush(false));
  CHECK(store->usage().entries <= 32);
  CHECK(store->usage().entries >= 28);
  CHECK_FALSE(has(*store, "e0"));
  CHECK_FALSE(has(*store, "e7"));
  CHECK(has(*store, "e39"));
  CHECK(has(*store, "e12"));
  CHECK(world.counters.get(Counter::kEvictions) == 40 - store->usage().entries);
}

TEST_CASE("an entry that was read lately outlives older ones") {
  World world;
  world.options.max_entries = 32;
  auto store = world.open();
  for (int i = 0; i < 32; ++i) put(world, *store, "e" + std::to_string(i), "x");
  world.clock.advance(120);
  CHECK(has(*store, "e0"));
  for (int i = 32; i < 40; ++i) put(world, *store, "e" + std::to_string(i), "x");
  REQUIRE(store->flush(false));
  CHECK(has(*store, "e0"));
  CHECK_FALSE(has(*store, "e1"));
}

TEST_CASE("expired entries go before fresh ones that are older") {
  World world;
  world.options.max_entries = 32;
  auto store = world.open();
  for (int i = 0; i < 20; ++i) put(world, *store, "fresh" + std::to_string(i), "x");
  for (int i = 0; i < 12; ++i) put(world, *store, "short" + std::to_string(i), "x", 5);
  world.clock.advance(10);
  for (int i = 20; i < 25; ++i) put(world, *store, "fresh" + std::to_string(i), "x");
  REQUIRE(store->flush(false));
  for (int i = 0; i < 25; ++i) CHECK(has(*store, "fresh" + std::to_string(i)));
  CHECK_FALSE(has(*store, "short0"));
}

TEST_CASE("bytes are bounded, with bodies in rows and in files") {
  World world;
  world.options.max_bytes = 4u << 20;
  auto store = world.open();
  for (int i = 0; i < 12; ++i)
    put(world, *store, "file" + std::to_string(i), bytes_of_size(1'000'000, static_cast<unsigned>(i)));
  for (int i = 0; i < 20; ++i)
    put(world, *store, "rows" + std::to_string(i), bytes_of_size(100'000, 100u + static_cast<unsigned>(i)));
  REQUIRE(store->flush(false));
  CHECK(store->usage().bytes <= (4u << 20));
  CHECK(store->usage().bytes >= (2u << 20));
  CHECK(has(*store, "rows19"));
  CHECK_FALSE(has(*store, "file0"));
  // The bodies go too, after the time in which a reader could still pin them.
  world.clock.advance(5);
  REQUIRE(store->flush(false));
  std::uint64_t size = 0;
  for (const auto& name : files_below(world.directory + "/objects"))
    size += content_of(world.directory + "/objects/" + name).size();
  CHECK(size <= (4u << 20));
  CHECK(sql(world.directory, "SELECT count(*) FROM body WHERE orphan IS NOT NULL") == "0");
  CHECK(sql(world.directory, "SELECT count(*) FROM chunk WHERE body_id NOT IN (SELECT body_id FROM body)") == "0");
}

TEST_CASE("a body that is still read is collected only when it is let go") {
  World world;
  auto store = world.open();
  for (std::size_t size : {50'000u, 400'000u}) {
    INFO("size " << size);
    EntryKey key = key_of("held");
    REQUIRE(store->put_now(entry_of(key, bytes_of_size(size, 1)), false));
    EntryPtr held = store->find(key).value();
    REQUIRE(held);
    REQUIRE(store->remove(key));
    REQUIRE(store->flush(false));
    world.clock.advance(100);
    REQUIRE(store->flush(false));
    CHECK(sql(world.directory, "SELECT count(*) FROM body") == "1");
    CHECK(body_of(*held) == bytes_of_size(size, 1));
    held.reset();
    REQUIRE(store->flush(false));
    CHECK(sql(world.directory, "SELECT count(*) FROM body") == "0");
    CHECK(files_below(world.directory + "/objects").empty());
  }
}

TEST_CASE("an entry larger than the whole store is not kept, nor what it replaces") {
  World world;
  world.options.max_bytes = 1u << 20;
  auto store = world.open();
  put(world, *store, "e", "small");
  REQUIRE(store->put(entry_of(key_of("e"), bytes_of_size(2u << 20, 1))));
  REQUIRE(store->flush(false));
  CHECK_FALSE(has(*store, "e"));
  CHECK(store->put_now(entry_of(key_of("e"), bytes_of_size(2u << 20, 1)), false).error().code == Code::kTooLarge);
}

TEST_CASE("clear removes one space and leaves the others") {
  World world;
  auto store = world.open();
  for (int i = 0; i < 600; ++i) {
    EntryKey key = key_of("e" + std::to_string(i));
    key.space = i % 2 ? Space::kCache : Space::kApi;
    REQUIRE(store->put(entry_of(key, "x")));
  }
  CHECK(store->clear(Space::kCache).value() == 300);
  CHECK(store->usage().entries == 300);
  CHECK(has(*store, "e0"));
  CHECK(store->clear(Space::kCache).value() == 0);
}

TEST_CASE("the totals are those of the tables") {
  World world;
  auto store = world.open();
  for (int i = 0; i < 50; ++i)
    REQUIRE(store->put(entry_of(key_of("e" + std::to_string(i % 20)),
                                bytes_of_size(static_cast<std::size_t>(i) * 9'000, static_cast<unsigned>(i % 6)))));
  for (int i = 0; i < 5; ++i) REQUIRE(store->remove(key_of("e" + std::to_string(i))));
  REQUIRE(store->flush(false));
  auto usage = store->usage();
  CHECK(std::to_string(usage.entries) == sql(world.directory, "SELECT count(*) FROM entry"));
  CHECK(std::to_string(usage.bodies) == sql(world.directory, "SELECT count(*) FROM body WHERE orphan IS NULL"));
  CHECK(std::to_string(usage.bytes) ==
        sql(world.directory,
            "SELECT (SELECT sum(length(meta)) FROM entry) + (SELECT sum(size) FROM body WHERE orphan IS NULL)"));
}
