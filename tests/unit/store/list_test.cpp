// Listings show what is held, and the directories on the way to it.
#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;
using namespace rfs::test;

namespace {

EntryKey at(const std::string& directory, const std::string& name, const std::string& partition = "p") {
  EntryKey key;
  key.partition = partition;
  key.canonical = directory + "|" + name;
  key.directory = directory;
  key.name = name;
  return key;
}

// "name" for a file, "name/" for a directory.
std::vector<std::string> names(EntryStore& store, const std::string& directory, const std::string& partition = "p") {
  auto listed = store.list(Space::kApi, partition, "", directory);
  REQUIRE(listed);
  std::vector<std::string> out;
  for (const Listed& one : *listed) out.push_back(one.name + (one.directory ? "/" : ""));
  return out;
}

using Names = std::vector<std::string>;

void shows_what_is_held(EntryStore& store, const std::function<void()>& settle) {
  REQUIRE(store.put(entry_of(at("", "user.json"), "{}")));
  REQUIRE(store.put(entry_of(at("repos/octo", "hello.json"), "{}")));
  REQUIRE(store.put(entry_of(at("repos/octo/hello/actions", "runs@status=success.json"), "{}")));
  REQUIRE(store.put(entry_of(at("repos/octo/hello/actions", "größe.json"), "{}")));
  REQUIRE(store.put(entry_of(at("orgs/acme", "repos.json", "other"), "{}")));
  settle();
  CHECK(names(store, "") == Names{"repos/", "user.json"});
  CHECK(names(store, "repos") == Names{"octo/"});
  CHECK(names(store, "repos/octo") == Names{"hello/", "hello.json"});
  CHECK(names(store, "repos/octo/hello") == Names{"actions/"});
  CHECK(names(store, "repos/octo/hello/actions") == Names{"größe.json", "runs@status=success.json"});
  CHECK(names(store, "repos/oct").empty());
  CHECK(names(store, "orgs").empty());
  CHECK(names(store, "", "other") == Names{"orgs/"});
  CHECK(names(store, "", "").empty());

  REQUIRE(store.remove(at("repos/octo/hello/actions", "größe.json")));
  settle();
  CHECK(names(store, "repos/octo/hello/actions") == Names{"runs@status=success.json"});
  REQUIRE(store.remove(at("repos/octo", "hello.json")));
  settle();
  CHECK(names(store, "repos/octo") == Names{"hello/"});
}

}  // namespace

TEST_CASE("a listing shows what is directly below, sorted, for one partition") {
  World world;
  auto store = world.open();
  SECTION("committed") {
    shows_what_is_held(*store, [&] { REQUIRE(store->flush(false)); });
  }
  SECTION("perhaps still queued") {
    shows_what_is_held(*store, [] {});
  }
}

TEST_CASE("a directory disappears with the last entry below it") {
  World world;
  auto store = world.open();
  REQUIRE(store->put(entry_of(at("repos/octo/hello/actions", "runs.json"), "{}")));
  REQUIRE(store->put(entry_of(at("repos/octo/world", "issues.json"), "{}")));
  REQUIRE(store->flush(false));
  CHECK(names(*store, "repos/octo") == Names{"hello/", "world/"});
  REQUIRE(store->remove(at("repos/octo/hello/actions", "runs.json")));
  REQUIRE(store->flush(false));
  CHECK(names(*store, "repos/octo") == Names{"world/"});
  CHECK(names(*store, "repos/octo/hello").empty());
  REQUIRE(store->remove(at("repos/octo/world", "issues.json")));
  REQUIRE(store->flush(false));
  CHECK(names(*store, "").empty());
  CHECK(sql(world.directory, "SELECT count(*) FROM directory") == "0");
}

TEST_CASE("a listing says the size of the body and when it was fetched") {
  World world;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(at("a", "b.json"), std::string(70'000, 'x')), false));
  auto listed = store->list(Space::kApi, "p", "", "a");
  REQUIRE(listed);
  REQUIRE(listed->size() == 1);
  CHECK((*listed)[0].size == 70'000);
  CHECK((*listed)[0].mtime == 1'700'000'000);
}

TEST_CASE("an entry that moves to another directory leaves the old one") {
  World world;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(at("old/place", "x.json"), "1"), false));
  auto moved = entry_of(at("old/place", "x.json"), "1");
  moved->key.directory = "new";
  moved->key.name = "y.json";
  REQUIRE(store->put_now(moved, false));
  CHECK(names(*store, "") == Names{"new/"});
  CHECK(names(*store, "new") == Names{"y.json"});
}

TEST_CASE("each visits the entries of a space, of all partitions or of one") {
  World world;
  auto store = world.open();
  for (int i = 0; i < 200; ++i) REQUIRE(store->put(entry_of(at("d", std::to_string(i), i % 2 ? "odd" : "even"), "x")));
  EntryKey elsewhere = at("d", "cache");
  elsewhere.space = Space::kCache;
  REQUIRE(store->put(entry_of(elsewhere, "x")));
  int all = 0, odd = 0, some = 0;
  REQUIRE(store->each(Space::kApi, nullptr, [&](const Entry&) { return ++all > 0; }));
  std::string partition = "odd";
  REQUIRE(store->each(Space::kApi, &partition, [&](const Entry& entry) {
    CHECK(entry.key.partition == "odd");
    // A visitor may remove what it visits.
    REQUIRE(store->remove(entry.key));
    return ++odd > 0;
  }));
  REQUIRE(store->each(Space::kApi, nullptr, [&](const Entry&) { return ++some < 10; }));
  CHECK(all == 200);
  CHECK(odd == 100);
  CHECK(some == 10);
  REQUIRE(store->flush(false));
  CHECK(store->usage().entries == 101);
}
