// What a thief of the directory can read: nothing that says something.
#include <sys/stat.h>

#include <filesystem>

#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;
using namespace rfs::test;

TEST_CASE("no name, body or header value is in clear in any file") {
  World world;
  const std::vector<std::string> canaries{"canary-owner",     "canary-name",   "canary-query",     "canary-etag",
                                          "canary-link",      "canary-inline", "canary-in-rows",   "canary-in-a-file",
                                          "canary-partition", "canary-accept", "canary-provenance"};
  auto store = world.open();
  auto put = [&](const std::string& name, const std::string& canary, std::size_t size) {
    EntryKey key;
    key.partition = "canary-partition";
    key.canonical = "api.github.com/repos/canary-owner/" + name + "?q=canary-query";
    key.directory = "repos/canary-owner";
    key.name = "canary-name@q=canary-query" + name + ".json";
    // Half of the bodies do not compress, so that zstd cannot hide them.
    std::string body = bytes_of_size(size, 1);
    for (std::size_t i = 0; i + canary.size() < size; i += 5'000) body.replace(i, canary.size(), canary);
    if (body.empty()) body = canary;
    auto entry = entry_of(key, body);
    entry->meta.etag = "\"canary-etag\"";
    entry->meta.link = "<https://canary-link>";
    entry->meta.accept = "canary-accept";
    entry->meta.provenance = "{\"a\": \"canary-provenance\"}";
    REQUIRE(store->put(entry));
  };
  put("a", "canary-inline", 0);
  put("b", "canary-in-rows", 90'000);
  put("c", "canary-in-a-file", 900'000);
  REQUIRE(store->flush(true));
  // While it is open the -wal is there too.
  for (bool open : {true, false}) {
    if (!open) store.reset();
    auto files = files_below(world.directory);
    CHECK(files.size() >= (open ? 5u : 3u));
    for (const auto& name : files) {
      std::string content = name + content_of(world.directory + "/" + name);
      for (const auto& canary : canaries) {
        INFO(canary << " in " << name);
        CHECK(content.find(canary) == std::string::npos);
      }
    }
  }
}

TEST_CASE("directories are 0700 and files 0600, whatever the umask says") {
  mode_t before = ::umask(0);
  World world;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("large"), bytes_of_size(400'000, 1)), false));
  ::umask(before);
  auto mode = [](const std::string& path) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 07777;
  };
  CHECK(mode(world.directory) == 0700);
  CHECK(mode(world.directory + "/objects") == 0700);
  auto files = files_below(world.directory);
  CHECK(std::count(files.begin(), files.end(), "cache.db-wal") == 1);
  CHECK(std::count(files.begin(), files.end(), "cache.db-shm") == 1);
  for (const auto& name : files) {
    INFO(name);
    CHECK(mode(world.directory + "/" + name) == 0600);
  }
}

TEST_CASE("a store in memory leaves no file") {
  World world;
  world.options.memory_only = true;
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("large"), bytes_of_size(400'000, 1)), true));
  REQUIRE(store->find(key_of("large")).value());
  CHECK_FALSE(std::filesystem::exists(world.directory));
}
