// Entries share bodies, processes share a store.
#include <filesystem>
#include <thread>

#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/child.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;
using namespace rfs::test;

TEST_CASE("the same bytes are stored once, for as long as an entry refers to them") {
  World world;
  auto store = world.open();
  std::size_t size = GENERATE(50'000u, 400'000u);
  std::string bytes = bytes_of_size(size, 1);
  // In one batch, with one body object and with two, and in a later one.
  auto first = entry_of(key_of("a"), bytes);
  auto shared = std::make_shared<Entry>(*first);
  shared->key = key_of("a", "");
  REQUIRE(store->put(first));
  REQUIRE(store->put(shared));
  REQUIRE(store->put(entry_of(key_of("b"), bytes)));
  REQUIRE(store->flush(false));
  REQUIRE(store->put_now(entry_of(key_of("c"), bytes), false));
  CHECK(store->usage().bodies == 1);
  CHECK(store->usage().entries == 4);
  CHECK(sql(world.directory, "SELECT count(*) FROM body") == "1");

  for (const EntryKey& key : {key_of("a"), key_of("a", ""), key_of("b")}) {
    REQUIRE(store->remove(key));
    world.clock.advance(10);
    REQUIRE(store->flush(false));
    CHECK(body_of(*store->find(key_of("c")).value()) == bytes);
  }
  REQUIRE(store->remove(key_of("c")));
  REQUIRE(store->flush(false));
  world.clock.advance(10);
  REQUIRE(store->flush(false));
  CHECK(store->usage().bytes == 0);
  CHECK(sql(world.directory, "SELECT count(*) FROM body") == "0");
  CHECK(files_below(world.directory + "/objects").empty());
}

TEST_CASE("an entry that was found can be put under another key without copying its body") {
  World world;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("a", ""), bytes_of_size(50'000, 1)), false));
  auto mine = std::make_shared<Entry>(*store->find(key_of("a", "")).value());
  mine->key = key_of("a", "mine");
  REQUIRE(store->put_now(mine, false));
  // Also after the first one is gone, when nothing but this reader holds the body.
  REQUIRE(store->remove(key_of("a", "")));
  REQUIRE(store->remove(key_of("a", "mine")));
  REQUIRE(store->flush(false));
  CHECK(store->usage().bodies == 0);
  REQUIRE(store->put_now(mine, false));
  mine.reset();
  world.clock.advance(10);
  REQUIRE(store->flush(false));
  CHECK(store->usage().bodies == 1);
  CHECK(body_of(*store->find(key_of("a", "mine")).value()) == bytes_of_size(50'000, 1));
}

TEST_CASE("update rewrites the facts and leaves the body's record alone") {
  World world;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("a"), bytes_of_size(50'000, 1)), false));
  std::string before = sql(world.directory, "SELECT hex(body_id) || hex(data) FROM chunk");
  std::string meta = sql(world.directory, "SELECT hex(meta) FROM entry");
  // The caller's copy may come from memory.
  auto newer = entry_of(key_of("a"), bytes_of_size(50'000, 1));
  newer->meta.validated_at += 60;
  REQUIRE(store->update(newer));
  REQUIRE(store->flush(false));
  CHECK(sql(world.directory, "SELECT hex(body_id) || hex(data) FROM chunk") == before);
  CHECK(sql(world.directory, "SELECT hex(meta) FROM entry") != meta);
  CHECK(store->find(key_of("a")).value()->meta.validated_at == newer->meta.validated_at);
}

TEST_CASE("update of an entry that is gone, or that holds other bytes, is a put") {
  World world;
  auto store = world.open();
  REQUIRE(store->update(entry_of(key_of("gone"), "one")));
  REQUIRE(store->put(entry_of(key_of("other"), bytes_of_size(9'000, 1))));
  REQUIRE(store->update(entry_of(key_of("other"), bytes_of_size(9'000, 2))));
  REQUIRE(store->flush(false));
  CHECK(body_of(*store->find(key_of("gone")).value()) == "one");
  CHECK(body_of(*store->find(key_of("other")).value()) == bytes_of_size(9'000, 2));
}

TEST_CASE("what another process puts and removes is seen, and said once") {
  World world;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("mine"), "x"), false));
  CHECK_FALSE(store->changed_by_others());
  CHECK(Child({"put", world.directory, "theirs", "70000"}).wait() == 0);
  CHECK(store->changed_by_others());
  CHECK_FALSE(store->changed_by_others());
  EntryPtr theirs = store->find(key_of("theirs")).value();
  REQUIRE(theirs);
  CHECK(body_of(*theirs) == bytes_of_size(70'000, 99));
  CHECK(Child({"remove", world.directory, "theirs"}).wait() == 0);
  CHECK(store->changed_by_others());
  CHECK(store->find(key_of("theirs")).value() == nullptr);
  Child reader({"read", world.directory, "mine"});
  CHECK(reader.line() == "1");
  CHECK(reader.wait() == 0);
  CHECK_FALSE(store->changed_by_others());
}

TEST_CASE("two processes write side by side") {
  World world;
  auto store = world.open();
  Child child({"write", world.directory, "200"});
  for (int i = 0; i < 200; ++i)
    REQUIRE(store->put(entry_of(key_of("mine" + std::to_string(i)), bytes_of_size(6'000, static_cast<unsigned>(i)))));
  REQUIRE(store->flush(false));
  CHECK(child.wait() == 0);
  CHECK(store->usage().entries == 400);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(store->find(key_of("mine" + std::to_string(i))).value());
    REQUIRE(store->find(key_of("k" + std::to_string(i))).value());
  }
  CHECK(store->check(true).value().empty());
}

TEST_CASE("several processes make one store together") {
  World world;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(
        std::make_unique<Child>(std::vector<std::string>{"put", world.directory, "n" + std::to_string(i), "10"}));
  for (auto& child : children) CHECK(child->wait() == 0);
  auto store = world.open();
  CHECK(world.notice.empty());
  for (int i = 0; i < 4; ++i) CHECK(store->find(key_of("n" + std::to_string(i))).value() != nullptr);
}

TEST_CASE("a body that one process reads is not collected by another") {
  World reader;
  auto reading = reader.open();
  World other(reader.directory);
  auto writing = other.open();
  for (std::size_t size : {50'000u, 400'000u}) {
    INFO("size " << size);
    REQUIRE(writing->put_now(entry_of(key_of("a"), bytes_of_size(size, 1)), false));
    EntryPtr held = reading->find(key_of("a")).value();
    REQUIRE(held);
    REQUIRE(writing->put_now(entry_of(key_of("a"), "newer"), false));
    other.clock.advance(100);
    REQUIRE(writing->flush(false));
    CHECK(body_of(*held) == bytes_of_size(size, 1));
    CHECK(body_of(*reading->find(key_of("a")).value()) == "newer");
    held.reset();
    REQUIRE(writing->flush(false));
    CHECK(sql(reader.directory, "SELECT count(*) FROM body") == "0");
  }
}

TEST_CASE("a database that was removed under a running store is made again") {
  World world;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("a"), "x"), false));
  for (const char* name : {"cache.db", "cache.db-wal", "cache.db-shm"})
    std::filesystem::remove(world.directory + "/" + name);
  (void)store->changed_by_others();
  REQUIRE(store->put_now(entry_of(key_of("b"), "y"), false));
  CHECK(Child({"read", world.directory, "b"}).wait() == 0);
  CHECK(store->find(key_of("b")).value() != nullptr);
  CHECK(std::filesystem::exists(world.directory + "/cache.db"));
}

TEST_CASE("a killed process leaves no lock behind") {
  World world;
  {
    Child child({"hold", world.directory});
    REQUIRE(child.line() == "open");
    child.kill();
  }
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("a"), "x"), true));
}
