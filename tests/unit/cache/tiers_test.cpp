// MemoryTier, CircuitBreaker, patterns, bodies.
#include <set>

#include "backends/breaker.h"
#include "backends/glob.h"
#include "backends/local_tiers.h"
#include "tests/catch.h"
#include "tests/unit/cache/fakes.h"

using namespace rfs;
using namespace rfs::test;

namespace {

EntryKey key(const std::string& name, const std::string& partition = "p") {
  return EntryKey{Space::kCache, partition, "", name, "", name};
}

struct TiersRig {
  explicit TiersRig(MemoryOptions options = {}) : memory(options, counters), local(memory, &disk, clock, counters) {}
  EntryPtr held(const std::string& name) { return memory.find(key(name)).value(); }
  void put(const std::string& name, std::string body = "x") {
    (void)memory.put(entry_of(key(name), std::move(body), 0, 60));
  }
  FakeClock clock;
  Counters counters;
  MemoryTier memory;
  FakeDisk disk;
  LocalTiers local;
};

}  // namespace

TEST_CASE("memory forgets the least recently used first, by number") {
  MemoryOptions options;
  options.max_entries = 2;
  TiersRig rig(options);
  rig.put("a");
  rig.put("b");
  REQUIRE(rig.held("a"));
  rig.put("c");
  CHECK(rig.held("a"));
  CHECK_FALSE(rig.held("b"));
  CHECK(rig.held("c"));
  CHECK(rig.counters.get(Counter::kEvictions) == 1);
}

TEST_CASE("memory stays below its bytes") {
  MemoryOptions options;
  options.max_bytes = 100'000;
  TiersRig rig(options);
  for (int i = 0; i < 100; ++i) {
    rig.put("k" + std::to_string(i), std::string(10'000, 'x'));
    REQUIRE(rig.memory.bytes() <= options.max_bytes);
  }
  CHECK(rig.memory.entries() == 9);
  CHECK(rig.held("k99"));
  CHECK_FALSE(rig.held("k0"));
  (void)rig.memory.remove(key("k99"));
  for (int i = 0; i < 100; ++i) (void)rig.memory.remove(key("k" + std::to_string(i)));
  CHECK(rig.memory.bytes() == 0);
}

TEST_CASE("an entry too large for memory also ends the older one") {
  MemoryOptions options;
  options.max_entry = 4096;
  TiersRig rig(options);
  rig.put("a", "old");
  rig.put("a", std::string(10'000, 'n'));
  CHECK_FALSE(rig.held("a"));
}

TEST_CASE("keys differ by space, partition and class") {
  EntryKey one = key("k", "p"), two = key("k", "q"), three = one, four = one;
  three.space = Space::kApi;
  four.partition = "";
  four.cls = "p";
  std::set<std::string> texts{unique_text(one), unique_text(two), unique_text(three), unique_text(four)};
  CHECK(texts.size() == 4);
}

TEST_CASE("what is doubted is asked of the disk again: gone there, gone here; unreachable there, kept here") {
  TiersRig rig;
  rig.local.put(entry_of(key("a"), "one", 0, 60));
  rig.local.put(entry_of(key("b"), "two", 0, 60));
  rig.disk.state()->rows.erase(unique_text(key("a")));
  CHECK(rig.local.find(key("a")));
  rig.memory.doubt_all();
  CHECK_FALSE(rig.local.find(key("a")));
  CHECK(rig.memory.entries() == 1);
  rig.disk.state()->broken = true;
  CHECK(text_of(rig.local.find(key("b"))) == "two");
  rig.disk.state()->broken = false;
  CHECK(text_of(rig.local.find(key("b"))) == "two");
}

TEST_CASE("an older version read from disk does not overwrite what happened meanwhile") {
  TiersRig rig;
  auto old = entry_of(key("a"), "old", 0, 60);
  auto since = rig.memory.moment();
  rig.put("a", "new");
  rig.memory.fill(old, since);
  CHECK(text_of(rig.held("a")) == "new");

  since = rig.memory.moment();
  (void)rig.memory.remove(key("a"));
  rig.memory.fill(old, since);
  CHECK_FALSE(rig.held("a"));

  since = rig.memory.moment();
  rig.memory.doubt_all();
  rig.memory.fill(old, since);
  CHECK_FALSE(rig.held("a"));
}

TEST_CASE("a body that does not authenticate is absent, and the disk is still trusted for others") {
  struct Damaged final : Body {
    std::uint64_t size() const override { return 5; }
    Result<std::size_t> read_at(std::uint64_t, MutableBytes) const override { return fail(Code::kTampered, "bad tag"); }
    std::size_t memory() const override { return 0; }
  };
  TiersRig rig;
  for (int i = 0; i < 5; ++i) {
    EntryKey at = key("bad" + std::to_string(i));
    for (Space space : {Space::kApi, Space::kCache}) {
      at.space = space;
      auto bad = entry_of(at, "x", 0, 60);
      bad->body = std::make_shared<Damaged>();
      (void)rig.disk.put(bad);
      // GitHub is asked again; what nobody else has stays a name whose read says what is wrong.
      CHECK((rig.local.find(at) != nullptr) == (space == Space::kCache));
    }
  }
  (void)rig.disk.put(entry_of(key("good"), "fine", 0, 60));
  CHECK(text_of(rig.local.find(key("good"))) == "fine");
}

TEST_CASE("a body that stays on disk is not kept in memory, a small one is read into it") {
  struct OnDisk final : Body {
    explicit OnDisk(std::size_t size) : bytes(std::string(size, 'x')) {}
    std::uint64_t size() const override { return bytes.size(); }
    Result<std::size_t> read_at(std::uint64_t at, MutableBytes out) const override { return bytes.read_at(at, out); }
    std::size_t memory() const override { return 100; }
    MemoryBody bytes;
  };
  TiersRig rig;
  for (std::size_t size : {60'000, 70'000}) {
    auto entry = entry_of(key(std::to_string(size)), "", 0, 60);
    entry->body = std::make_shared<OnDisk>(size);
    (void)rig.disk.put(entry);
    CHECK(text_of(rig.local.find(entry->key)).size() == size);
    rig.local.update(entry);
  }
  CHECK(rig.memory.entries() == 0);
  CHECK(rig.local.given(rig.local.find(key("60000")))->found == Source::kDisk);
  CHECK(rig.local.given(rig.local.find(key("60000")))->found == Source::kMemory);
  CHECK(rig.memory.entries() == 1);
}

TEST_CASE("a disk that cannot commit a removal is told, and the entry stays gone") {
  TiersRig rig;
  auto entry = entry_of(key("a"), "x", 0, 60);
  rig.local.put(entry);
  REQUIRE(rig.local.remove(entry->key));
  rig.disk.state()->cannot_flush = true;
  CHECK(rig.local.removed({entry->key}).error().code == Code::kNoSpace);
  (void)rig.disk.put(entry);  // as a queue that failed leaves it
  CHECK_FALSE(rig.local.find(entry->key));
  rig.local.put(entry);
  CHECK(rig.local.find(entry->key));
}

TEST_CASE("a breaker opens after failures in a row, lets one try, and rests longer each time") {
  FakeClock clock;
  CircuitBreaker breaker(clock, 3, Millis(1000), Millis(3000));
  CHECK_FALSE(breaker.failure());
  CHECK_FALSE(breaker.failure());
  breaker.success();
  CHECK_FALSE(breaker.failure());
  CHECK_FALSE(breaker.failure());
  CHECK(breaker.failure());
  CHECK(breaker.open());
  CHECK_FALSE(breaker.allow());
  clock.advance(1.1);
  CHECK(breaker.allow());
  CHECK_FALSE(breaker.allow());
  CHECK_FALSE(breaker.failure());
  clock.advance(1.1);
  CHECK_FALSE(breaker.allow());
  clock.advance(1.0);
  CHECK(breaker.allow());
  breaker.success();
  CHECK_FALSE(breaker.open());
  CHECK(breaker.allow());
  CHECK(breaker.allow());
}

TEST_CASE("patterns match whole texts") {
  CHECK(matches_pattern("list_repos*", "list_repos:owner/x"));
  CHECK(matches_pattern("*", ""));
  CHECK(matches_pattern("a?c", "abc"));
  CHECK(matches_pattern("a?c",
                        "a\xc3\xa9"
                        "c"));
  CHECK(matches_pattern("*b*b", "aabxb"));
  CHECK_FALSE(matches_pattern("list", "list_repos"));
  CHECK_FALSE(matches_pattern("a?c", "ac"));
  CHECK_FALSE(matches_pattern("", "a"));
  const std::string bomb(40, '*');
  CHECK_FALSE(matches_pattern(bomb + "b", std::string(2000, 'a')));
}

TEST_CASE("a body is read from any offset and ends where it ends") {
  MemoryBody body("hello");
  std::array<std::uint8_t, 3> out{};
  CHECK(body.read_at(3, out).value() == 2);
  CHECK(out[0] == 'l');
  CHECK(body.read_at(5, out).value() == 0);
  CHECK(body.read_at(1'000'000, out).value() == 0);
  CHECK(read_all(body).value() == "hello");
}
