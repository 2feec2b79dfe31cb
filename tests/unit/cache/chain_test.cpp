// Freshness, fills and errors of one reader at a time. Many readers: chain_flight_test.cpp.
#include "tests/catch.h"
#include "tests/unit/cache/chain_rig.h"

using namespace rfs;
using namespace rfs::test;

TEST_CASE("a fresh entry is answered before fetch returns, without asking") {
  ChainRig rig;
  auto request = rig.request();
  auto first = rig.ask(request);
  rig.send("one");
  REQUIRE(text_of(first.wait().value()) == "one");
  auto again = rig.ask(request);
  REQUIRE(again.answered());
  CHECK(text_of(again.wait().value()) == "one");
  CHECK(again.wait().value()->found == Source::kMemory);
  CHECK(rig.origin.asked() == 1);
  CHECK(rig.count(Counter::kMisses) == 1);
  CHECK(rig.count(Counter::kHits) == 1);
  CHECK(rig.count(Counter::kMemoryHits) == 1);
  CHECK(rig.count(Counter::kApiCallsSaved) == 1);
}

TEST_CASE("what only the disk has is found there, said so to one reader, and kept in memory from then on") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "from disk"));
  auto known = rig.chain.known(*request);
  REQUIRE(known);
  CHECK(known->found == Source::kDisk);
  CHECK(text_of(known) == "from disk");
  const int finds = rig.disk.state()->finds;
  CHECK(rig.chain.known(*request)->found == Source::kDisk);
  CHECK(rig.ask(request).wait().value()->found == Source::kDisk);
  CHECK(rig.ask(request).wait().value()->found == Source::kMemory);
  CHECK(rig.chain.known(*request)->found == Source::kMemory);
  CHECK(rig.disk.state()->finds == finds);
  CHECK(rig.count(Counter::kDiskHits) == 1);
  CHECK(rig.count(Counter::kMemoryHits) == 1);
  CHECK(rig.origin.asked() == 0);
}

TEST_CASE("a stale entry is revalidated with one question; a 304 changes its times and not its bytes") {
  ChainRig rig;
  auto request = rig.request();
  auto old = rig.entry(*request, "bytes", 60);
  (void)rig.disk.put(old);
  rig.clock.advance(61);
  CHECK(rig.chain.freshness(*rig.chain.known(*request)) == Freshness::kStale);
  auto told = rig.ask(request);
  rig.confirm(120);
  auto entry = told.wait().value();
  CHECK(entry->version() == old->version());
  CHECK(rig.chain.freshness(*entry) == Freshness::kFresh);
  CHECK(rig.disk.state()->updates == 1);
  CHECK(rig.disk.state()->puts == 1);
  CHECK(rig.count(Counter::kMisses) == 0);
  CHECK(rig.count(Counter::kHits) == 1);
}

TEST_CASE("a changed answer replaces the old one in memory and on disk") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "old", 60));
  rig.clock.advance(61);
  auto told = rig.ask(request);
  auto question = rig.origin.next();
  REQUIRE(question.ask.own);
  CHECK(text_of(question.ask.own) == "old");
  question.done(Answer{rig.entry(*request, "new"), true});
  CHECK(text_of(told.wait().value()) == "new");
  CHECK(text_of(rig.chain.known(*request)) == "new");
  CHECK(text_of(rig.disk.find(rig.key(*request)).value()) == "new");
}

TEST_CASE("an entry without a lifetime is not asked for again within the window after it was confirmed") {
  ChainRig rig;
  auto request = rig.request();
  auto entry = rig.entry(*request, "x", 0);
  CHECK(rig.chain.freshness(*entry) == Freshness::kFresh);
  rig.clock.advance(0.5);
  CHECK(rig.chain.freshness(*entry) == Freshness::kFresh);
  rig.clock.advance(0.6);
  CHECK(rig.chain.freshness(*entry) == Freshness::kStale);
}

TEST_CASE("a clock that stepped back makes entries of the future stale, unless they cannot change") {
  ChainRig rig;
  auto request = rig.request();
  auto entry = rig.entry(*request, "x", 1e6);
  rig.clock.set_wall(rig.clock.wall() - 200);
  CHECK(rig.chain.freshness(*entry) == Freshness::kFresh);
  rig.clock.set_wall(rig.clock.wall() - 200);
  CHECK(rig.chain.freshness(*entry) == Freshness::kStale);
  entry->meta.immutable = true;
  CHECK(rig.chain.freshness(*entry) == Freshness::kImmutable);
}

TEST_CASE("a 404 is remembered for ten seconds and then asked again") {
  ChainRig rig;
  auto request = rig.request();
  auto told = rig.ask(request);
  rig.refuse(Code::kNotFound);
  CHECK(told.wait().error().code == Code::kNotFound);
  CHECK(rig.chain.known_absent(*request));
  rig.clock.advance(9.9);
  auto again = rig.ask(request);
  CHECK(again.wait().error().code == Code::kNotFound);
  CHECK(rig.origin.asked() == 1);
  CHECK(rig.count(Counter::kNegativeHits) == 1);
  rig.clock.advance(0.2);
  CHECK_FALSE(rig.chain.known_absent(*request));
  auto later = rig.ask(request);
  rig.send("it exists now");
  CHECK(text_of(later.wait().value()) == "it exists now");
  CHECK(rig.origin.asked() == 2);
}

TEST_CASE("a reader of .now is not answered from a remembered 404, and ends it") {
  ChainRig rig;
  auto request = rig.request();
  auto told = rig.ask(request);
  rig.refuse(Code::kNotFound);
  (void)told.wait();
  auto now = rig.ask(request, Chain::Mode::kAlways);
  rig.send("made meanwhile");
  CHECK(now.wait());
  CHECK_FALSE(rig.chain.known_absent(*request));
}

TEST_CASE("404 and 403 forget what the credential had, in memory and on disk, and serve no copy") {
  const Code code = GENERATE(Code::kNotFound, Code::kDenied);
  ChainRig rig;
  auto request = rig.request();
  auto other = rig.entry(*request, "another credential's", 60, "p2");
  (void)rig.disk.put(rig.entry(*request, "mine", 60));
  (void)rig.disk.put(other);
  rig.clock.advance(61);
  REQUIRE(rig.chain.known(*request));
  auto told = rig.ask(request);
  rig.refuse(code);
  CHECK(told.wait().error().code == code);
  CHECK_FALSE(rig.chain.known(*request));
  CHECK(rig.disk.state()->rows.size() == 1);
  CHECK(text_of(rig.disk.find(other->key).value()) == "another credential's");
}

TEST_CASE("a disk that cannot forget does not bring back what was refused") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "mine", 60));
  rig.disk.state()->read_only = true;
  rig.clock.advance(61);
  auto told = rig.ask(request);
  rig.refuse(Code::kDenied);
  (void)told.wait();
  CHECK_FALSE(rig.chain.known(*request));
  auto again = rig.ask(request);
  rig.refuse(Code::kUnreachable);
  CHECK(again.wait().error().code == Code::kUnreachable);
}

TEST_CASE("when the origin cannot answer, a stale copy is served and counted, and stays stale") {
  const Code code = GENERATE(Code::kLimited, Code::kTimeout, Code::kUnreachable, Code::kBroken);
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "copy", 60));
  rig.clock.advance(3600);
  auto told = rig.ask(request);
  rig.refuse(code);
  auto entry = told.wait();
  REQUIRE(entry);
  CHECK(text_of(*entry) == "copy");
  CHECK(rig.chain.freshness(**entry) == Freshness::kStale);
  CHECK(rig.count(Counter::kStaleServed) == 1);
}

TEST_CASE("a copy a day past its expiry is not served, and without a copy the error is told") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "copy", 60));
  rig.clock.advance(60 + 24 * 3600 + 1);
  auto told = rig.ask(request);
  rig.refuse(Code::kTimeout);
  CHECK(told.wait().error().code == Code::kTimeout);
  auto none = rig.ask(rig.request("/user"));
  rig.refuse(Code::kLimited);
  CHECK(none.wait().error().code == Code::kLimited);
  CHECK(rig.count(Counter::kStaleServed) == 0);
}

TEST_CASE("who asked for the newest is told why there is none, and given no stale copy") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "copy", 60));
  rig.clock.advance(61);
  auto told = rig.ask(request, Chain::Mode::kAlways);
  rig.refuse(Code::kUnreachable);
  CHECK(told.wait().error().code == Code::kUnreachable);
}

TEST_CASE("while the limit is low a stale copy is answered without asking") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "copy", 60));
  rig.clock.advance(61);
  rig.origin.prefer(true);
  auto told = rig.ask(request);
  REQUIRE(told.answered());
  CHECK(text_of(told.wait().value()) == "copy");
  CHECK(rig.origin.asked() == 0);
  CHECK(rig.count(Counter::kStaleServed) == 1);
  // Nothing to prefer: it is asked for.
  auto cold = rig.ask(rig.request("/user"));
  rig.send("fetched");
  CHECK(cold.wait());
}

TEST_CASE("an entry for all credentials is offered to the origin, and once proven belongs to this one") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "shared", 1e9, ""));
  CHECK_FALSE(rig.chain.known(*request));
  auto told = rig.ask(request);
  rig.confirm();
  auto entry = told.wait().value();
  CHECK(text_of(entry) == "shared");
  CHECK(entry->key.partition == "p1");
  CHECK(rig.chain.known(*request));
  CHECK(rig.disk.find(rig.key(*request)).value());
  CHECK(rig.disk.find(rig.key(*request, "")).value());
  CHECK(rig.count(Counter::kMisses) == 0);
}

TEST_CASE("an unproven entry for all credentials is not served when the origin cannot answer") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "shared", 1e9, ""));
  auto told = rig.ask(request);
  rig.refuse(Code::kUnreachable);
  CHECK(told.wait().error().code == Code::kUnreachable);
}

TEST_CASE("an answer whose tag could be recomputed is stored for all credentials too") {
  ChainRig rig;
  auto request = rig.request();
  auto told = rig.ask(request);
  rig.send("bytes", 60, true);
  CHECK(told.wait());
  CHECK(text_of(rig.disk.find(rig.key(*request, "")).value()) == "bytes");
  auto private_one = rig.request("/user");
  auto other = rig.ask(private_one);
  rig.send("bytes", 60, false);
  CHECK(other.wait());
  CHECK_FALSE(rig.disk.find(rig.key(*private_one, "")).value());
}

TEST_CASE("an answer that is never stored is asked for each time") {
  ChainRig rig;
  auto request = rig.request("/rate_limit", false);
  for (int i = 1; i <= 2; ++i) {
    auto told = rig.ask(request);
    rig.send("limits");
    CHECK(told.wait());
    CHECK(rig.origin.asked() == i);
  }
  CHECK_FALSE(rig.chain.known(*request));
  CHECK(rig.disk.state()->rows.empty());
  CHECK(rig.memory.entries() == 0);
}

TEST_CASE("another credential sees nothing of what the first one fetched") {
  ChainRig rig;
  auto request = rig.request();
  auto told = rig.ask(request);
  rig.send("secret of p1");
  REQUIRE(told.wait());
  *rig.partition.lock() = "p2";
  CHECK_FALSE(rig.chain.known(*request));
  CHECK(rig.chain.list("repos/o").value().empty());
  *rig.partition.lock() = "p1";
  CHECK(rig.chain.list("repos/o").value().size() == 1);
}

TEST_CASE("without a credential nothing is known and a fetch says why") {
  ChainRig rig;
  rig.partition.lock()->clear();
  auto told = rig.ask(rig.request());
  CHECK(told.wait().error().code == Code::kNoKey);
  CHECK_FALSE(rig.chain.known(*rig.request()));
  CHECK(rig.chain.list("").error().code == Code::kNoKey);
  CHECK(rig.errors.jsonl().find("api/repos/o/r.json") != std::string::npos);
}

TEST_CASE("a failing disk is a miss and rests; reads go on, and it is tried again later") {
  ChainRig rig;
  rig.disk.state()->broken = true;
  for (int i = 0; i < 6; ++i) {
    auto told = rig.ask(rig.request("/repos/o/r" + std::to_string(i)));
    rig.send("body");
    CHECK(told.wait());
  }
  CHECK(rig.disk.state()->finds == 3);
  CHECK(rig.disk.state()->puts == 3);
  CHECK(rig.count(Counter::kBreakerOpened) == 2);
  rig.disk.state()->broken = false;
  rig.clock.advance(5.1);
  auto told = rig.ask(rig.request("/repos/o/again"));
  rig.send("body");
  CHECK(told.wait());
  CHECK(rig.disk.state()->rows.size() == 1);
}

TEST_CASE("a full disk is still read from") {
  ChainRig rig;
  (void)rig.disk.put(rig.entry(*rig.request("/repos/o/kept"), "kept"));
  rig.disk.state()->read_only = true;
  for (int i = 0; i < 4; ++i) {
    auto told = rig.ask(rig.request("/repos/o/r" + std::to_string(i)));
    rig.send("body");
    CHECK(told.wait());
  }
  CHECK(rig.chain.known(*rig.request("/repos/o/kept")));
}

TEST_CASE("without a disk everything works from memory, listings too") {
  ChainRig rig(false);
  auto told = rig.ask(rig.request("/repos/o/r"));
  rig.send("body", 60, true);
  REQUIRE(told.wait());
  CHECK(rig.chain.known(*rig.request("/repos/o/r")));
  auto top = rig.chain.list("").value();
  REQUIRE(top.size() == 1);
  CHECK(top[0].name == "repos");
  CHECK(top[0].directory);
  auto below = rig.chain.list("repos/o").value();
  REQUIRE(below.size() == 1);
  CHECK(below[0].name == "r.json");
  CHECK(below[0].size == 4);
}

TEST_CASE("a pattern forgets matching entries of all credentials") {
  ChainRig rig;
  (void)rig.disk.put(rig.entry(*rig.request("/repos/o/r"), "a"));
  (void)rig.disk.put(rig.entry(*rig.request("/repos/o/r"), "b", 60, "p2"));
  (void)rig.disk.put(rig.entry(*rig.request("/user"), "c"));
  REQUIRE(rig.chain.known(*rig.request("/repos/o/r")));
  CHECK(rig.chain.invalidate("repos/o/*").value() == 2);
  CHECK_FALSE(rig.chain.known(*rig.request("/repos/o/r")));
  CHECK(rig.chain.known(*rig.request("/user")));
  CHECK(rig.chain.invalidate("*").value() == 1);
}
