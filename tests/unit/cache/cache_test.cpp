// cache/: lifetimes, validation, patterns, and a disk that fails.
#include <thread>

#include "backends/cache/cache.h"
#include "backends/cache/provenance.h"
#include "tests/catch.h"
#include "tests/unit/cache/fakes.h"

using namespace rfs;
using namespace rfs::test;

namespace {

struct CacheRig {
  explicit CacheRig(bool with_disk = true, CacheOptions options = {}, MemoryOptions in_memory = {})
      : memory(in_memory, counters),
        cache(std::move(options), memory, with_disk ? &disk : nullptr, clock, counters, errors) {}
  EntryPtr put(const std::string& key, const std::string& document, int ttl = -1) {
    return cache.put(key, document, ttl, false).value();
  }
  EntryPtr find(const std::string& key) { return cache.find(key, true).value(); }
  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  MemoryTier memory;
  FakeDisk disk;
  Cache cache;
};

const char* const kRuns = R"([{"databaseId":42,"status":"completed","conclusion":"success","updatedAt":"t1"}])";

}  // namespace

TEST_CASE("a document comes back byte for byte as it was written") {
  CacheRig rig;
  const std::string odd = "  {\"b\" : 1,\n\"a\":\t[1e2, \"\\u00e9\"]} \n";
  rig.put("list_repos:owner", odd);
  CHECK(text_of(rig.find("list_repos:owner")) == odd);
  CHECK(rig.counters.get(Counter::kHits) == 1);
  CHECK(rig.disk.state()->rows.size() == 1);
  CHECK(rig.find("list_repos:other") == nullptr);
  CHECK(rig.counters.get(Counter::kMisses) == 1);
}

TEST_CASE("a look that is no read is not counted") {
  CacheRig rig;
  rig.put("k", "1");
  CHECK(rig.cache.find("k", false).value());
  CHECK_FALSE(rig.cache.find("none", false).value());
  CHECK(rig.counters.get(Counter::kHits) == 0);
  CHECK(rig.counters.get(Counter::kMisses) == 0);
}

TEST_CASE("an entry lives as long as its operation says, then it is removed and counted once") {
  CacheRig rig;
  rig.put("list_repos:owner", "[]");
  rig.clock.advance(600);
  CHECK(rig.find("list_repos:owner"));
  rig.clock.advance(0.1);
  CHECK_FALSE(rig.find("list_repos:owner"));
  CHECK_FALSE(rig.find("list_repos:owner"));
  CHECK(rig.counters.get(Counter::kExpirations) == 1);
  CHECK(rig.disk.state()->rows.empty());
}

TEST_CASE("the lifetime is the caller's, else the configuration's, else the table's, else the default") {
  CacheOptions options;
  options.default_ttl = 77;
  options.operation_ttls = {{"get_repo_info", 5}};
  CacheRig rig(true, options);
  CHECK(rig.cache.ttl_of("get_repo_info:o/r") == 5);
  CHECK(rig.cache.ttl_of("list_runners") == 300);
  CHECK(rig.cache.ttl_of("mine:x") == 77);
  auto entry = rig.put("list_repos:owner", "[]", 3);
  CHECK(entry->meta.expires_at == entry->meta.fetched_at + 3);
}

TEST_CASE("a lifetime can be changed, and counts from when the entry was written") {
  CacheRig rig;
  rig.put("k", "1");
  rig.clock.advance(10);
  REQUIRE(rig.cache.set_ttl("k", 20));
  CHECK(provenance_of(*rig.find("k")).ttl == 20);
  rig.clock.advance(10.1);
  CHECK_FALSE(rig.find("k"));
  CHECK(rig.cache.set_ttl("k", 20).error().code == Code::kNotFound);
  rig.put("k", "1");
  CHECK(rig.cache.set_ttl("k", -1).error().code == Code::kInvalid);
}

TEST_CASE("an entry dated over five minutes ahead is not believed") {
  CacheRig rig;
  rig.put("k", "1", 100'000);
  rig.clock.set_wall(rig.clock.wall() - 299);
  CHECK(rig.find("k"));
  rig.clock.set_wall(rig.clock.wall() - 2);
  CHECK_FALSE(rig.find("k"));
}

TEST_CASE("what is not JSON is refused with its position, and nothing is stored") {
  CacheRig rig;
  rig.put("k", "1");
  auto bad = rig.cache.put("k", "{\"a\": 1, oops}", -1, false);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Code::kInvalid);
  CHECK(bad.error().position >= 8);
  CHECK(bad.error().message.find("cache/k") != std::string::npos);
  CHECK(rig.cache.put("list_repos:x", "[1,", -1, false).error().code == Code::kInvalid);
  CHECK(rig.cache.put("k", "", -1, false).error().code == Code::kInvalid);
  CHECK(text_of(rig.find("k")) == "1");
}

TEST_CASE("a document over the limit is too large") {
  CacheOptions options;
  options.max_document = 10;
  CacheRig rig(true, options);
  CHECK(rig.cache.put("k", "[1,2,3,4,5]", -1, false).error().code == Code::kTooLarge);
}

TEST_CASE("an entry says its operation, its fields and their hash") {
  CacheRig rig;
  auto entry = rig.put("get_workflow_runs:o/r", kRuns);
  const Provenance said = provenance_of(*entry);
  CHECK(said.operation == "get_workflow_runs");
  CHECK(said.ttl == 120);
  CHECK(said.validation_fields == R"({"42": {"conclusion": "success", "status": "completed", "updatedAt": "t1"}})");
  CHECK(said.content_hash.starts_with("bafkrei"));
  CHECK(rig.put("mine", "1")->meta.provenance.find("\"content_hash\":null") != std::string::npos);
}

TEST_CASE("current fields that hash differently expire an entry early; equal ones do not") {
  CacheRig rig;
  rig.put("get_workflow_runs:o/r", kRuns);
  const char* same = R"({"42":{"updatedAt":"t1","status":"completed","conclusion":"success"}})";
  const char* other = R"({"42":{"updatedAt":"t2","status":"completed","conclusion":"success"}})";
  CHECK(rig.cache.validate("get_workflow_runs:o/r", same).value());
  CHECK(rig.find("get_workflow_runs:o/r"));
  CHECK_FALSE(rig.cache.validate("get_workflow_runs:o/r", other).value());
  CHECK_FALSE(rig.find("get_workflow_runs:o/r"));
  CHECK(rig.cache.validate("get_workflow_runs:o/r", same).error().code == Code::kNotFound);
  rig.put("mine", "1");
  CHECK(rig.cache.validate("mine", same).value());
  CHECK(rig.cache.validate("mine", "no json").error().code == Code::kInvalid);
}

TEST_CASE("keys are removed by name and by pattern, as they are spelled or as their files are named") {
  CacheRig rig;
  for (const char* key : {"list_repos:a", "list_repos:b", "get_repo_info:o/r", "get_repo_info:o/s"}) rig.put(key, "1");
  CHECK(rig.cache.remove("list_repos:none").value() == 0);
  CHECK(rig.cache.remove("list_repos:a").value() == 1);
  CHECK(rig.cache.remove("list_repos*").value() == 1);
  CHECK(rig.cache.remove("get_repo_info:o/?").value() == 2);
  rig.put("get_repo_info:o/r", "1");
  CHECK(rig.cache.remove("get_repo_info:o%2F*").value() == 1);
  CHECK(rig.cache.list().value().empty());
  CHECK(rig.disk.state()->rows.empty());
  CHECK(rig.counters.get(Counter::kInvalidations) == 5);
}

TEST_CASE("a key that holds a star is removed alone") {
  CacheRig rig;
  rig.put("a*", "1");
  rig.put("ab", "1");
  CHECK(rig.cache.remove("a*").value() == 1);
  CHECK(rig.find("ab"));
  CHECK(rig.cache.remove("a*").value() == 1);
  CHECK_FALSE(rig.find("ab"));
}

TEST_CASE("a listing shows names as files, without what has expired") {
  CacheRig rig;
  rig.put("short:o/r", "1", 10);
  rig.put("b:100%", "22", 1000);
  rig.put("a:o/r", "1", 1000);
  rig.clock.advance(11);
  auto listed = rig.cache.list().value();
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].name == "a:o%2Fr");
  CHECK(listed[1].name == "b:100%25");
  CHECK(listed[1].size == 2);
}

TEST_CASE("what the disk cannot keep is not said to be stored, and the older document stays") {
  CacheRig rig;
  rig.put("k", "\"old\"");
  rig.disk.state()->read_only = true;
  for (const bool sync : {false, true}) {
    auto put = rig.cache.put("k", "\"new\"", -1, sync);
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Code::kNoSpace);
    CHECK(put.error().message.find("cache/k: ") == 0);
    CHECK(text_of(rig.find("k")) == "\"old\"");
  }
  rig.memory.remove_if([](const Entry&) { return true; });
  CHECK(text_of(rig.find("k")) == "\"old\"");
}

TEST_CASE("what neither disk nor memory can keep is not said to be stored") {
  MemoryOptions tiny;
  tiny.max_entry = 2000;
  CacheRig rig(true, {}, tiny);
  rig.disk.state()->read_only = true;
  CHECK(rig.cache.put("k", "\"" + std::string(5000, 'x') + "\"", -1, false).error().code == Code::kNoSpace);
}

TEST_CASE("a removal that the disk refuses is an error, and the entry is gone for this process") {
  CacheRig rig;
  rig.put("k", "1");
  rig.disk.state()->read_only = true;
  CHECK(rig.cache.remove("k").error().code == Code::kReadOnly);
  CHECK_FALSE(rig.find("k"));
}

TEST_CASE("without a disk the cache works from memory") {
  CacheRig rig(false);
  rig.put("k", "1");
  CHECK(rig.find("k"));
  CHECK(rig.cache.list().value().size() == 1);
  CHECK(rig.cache.remove("*").value() == 1);
  CHECK_FALSE(rig.find("k"));
}

TEST_CASE("writers of one key leave memory and disk with the same version") {
  CacheRig rig;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) (void)rig.cache.put("k", std::to_string(t * 1000 + i), -1, false);
    });
  for (auto& thread : threads) thread.join();
  auto in_memory = rig.find("k");
  REQUIRE(rig.disk.state()->rows.size() == 1);
  CHECK(rig.disk.state()->rows.begin()->second->version() == in_memory->version());
}

TEST_CASE("a key and its file name are one and the same, and what is no key is refused") {
  CHECK(name_of_cache_key("get_repo_info:o/r:x=50%").value() == "get_repo_info:o%2Fr:x=50%25");
  CHECK(cache_key_of_name("get_repo_info:o%2Fr:x=50%25").value() == "get_repo_info:o/r:x=50%");
  for (const char* bad : {"", ".", "..", "a/b", "a%2fb", "a%41", "a%", "a%2", "tab\t", "del\x7f"}) {
    INFO(bad);
    CHECK(cache_key_of_name(bad).error().code == Code::kInvalid);
  }
  CHECK(cache_key_of_name(std::string(256, 'a')).error().code == Code::kNameTooLong);
  CHECK(name_of_cache_key(std::string(100, '/')).error().code == Code::kNameTooLong);
  CHECK(name_of_cache_key("..").error().code == Code::kInvalid);
  CHECK(name_of_cache_key("a..b").value() == "a..b");
}
