// Many readers of one path, and readers who go.
#include <thread>

#include "tests/catch.h"
#include "tests/unit/cache/chain_rig.h"

using namespace rfs;
using namespace rfs::test;

TEST_CASE("a thousand readers of one cold path are one question") {
  ChainRig rig;
  auto request = rig.request();
  std::vector<Told> told(1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 10; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) rig.chain.fetch(request, Chain::Mode::kIfStale, told[t * 100 + i].reply());
    });
  // Answered while readers still arrive: the late ones find the fresh entry.
  rig.send("one");
  for (auto& thread : threads) thread.join();
  for (auto& one : told) REQUIRE(text_of(one.wait().value()) == "one");
  CHECK(rig.origin.asked() == 1);
  CHECK(rig.count(Counter::kMisses) == 1);
  CHECK(rig.count(Counter::kHits) == 999);
}

TEST_CASE("a thousand readers of one stale path are one question") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "old", 60));
  rig.clock.advance(61);
  std::vector<Told> told(1000);
  for (auto& one : told) rig.chain.fetch(request, Chain::Mode::kIfStale, one.reply());
  CHECK(rig.count(Counter::kCoalesced) == 999);
  rig.confirm();
  for (auto& one : told) REQUIRE(text_of(one.wait().value()) == "old");
  CHECK(rig.origin.asked() == 1);
}

TEST_CASE("readers of different paths or credentials do not wait for each other") {
  ChainRig rig;
  auto first = rig.ask(rig.request("/repos/o/a"));
  auto stuck = rig.origin.next();
  auto second = rig.ask(rig.request("/repos/o/b"));
  rig.send("b");
  CHECK(text_of(second.wait().value()) == "b");
  *rig.partition.lock() = "p2";
  auto third = rig.ask(rig.request("/repos/o/a"));
  auto question = rig.origin.next();
  question.done(Answer{rig.entry(*question.ask.request, "p2's", 60, "p2"), true});
  CHECK(text_of(third.wait().value()) == "p2's");
  CHECK_FALSE(first.answered());
  stuck.done(Answer{rig.entry(*stuck.ask.request, "a"), true});
  CHECK(text_of(first.wait().value()) == "a");
}

TEST_CASE("a reader of .now joins only a question that began as one; others join either") {
  ChainRig rig;
  auto request = rig.request();
  auto plain = rig.ask(request);
  auto plain_question = rig.origin.next();
  auto now = rig.ask(request, Chain::Mode::kAlways);
  auto now_question = rig.origin.next();
  auto now_too = rig.ask(request, Chain::Mode::kAlways);
  auto plain_too = rig.ask(request);
  CHECK(rig.origin.asked() == 2);
  CHECK(rig.count(Counter::kCoalesced) == 2);
  now_question.done(Answer{rig.entry(*request, "newest"), true});
  CHECK(text_of(now.wait().value()) == "newest");
  CHECK(text_of(now_too.wait().value()) == "newest");
  CHECK(text_of(plain_too.wait().value()) == "newest");
  CHECK_FALSE(plain.answered());
  plain_question.done(Answer{rig.entry(*request, "older"), true});
  CHECK(plain.wait());
}

TEST_CASE("a failed question tells a plain reader of the same flight the copy, and a .now reader the reason") {
  ChainRig rig;
  auto request = rig.request();
  (void)rig.disk.put(rig.entry(*request, "copy", 60));
  rig.clock.advance(61);
  auto now = rig.ask(request, Chain::Mode::kAlways);
  auto plain = rig.ask(request);
  rig.refuse(Code::kBroken);
  CHECK(now.wait().error().code == Code::kBroken);
  CHECK(text_of(plain.wait().value()) == "copy");
}

TEST_CASE("a failure is told to every reader, and the next reader asks again") {
  ChainRig rig;
  auto request = rig.request();
  std::vector<Told> told(50);
  for (auto& one : told) rig.chain.fetch(request, Chain::Mode::kIfStale, one.reply());
  rig.refuse(Code::kUnreachable);
  for (auto& one : told) CHECK(one.wait().error().code == Code::kUnreachable);
  auto again = rig.ask(request);
  rig.send("back");
  CHECK(again.wait());
  CHECK(rig.origin.asked() == 2);
}

TEST_CASE("the question goes on for the others when the first reader has gone") {
  ChainRig rig;
  auto request = rig.request();
  // A front that was interrupted answers its kernel request itself and lets the later answer fall.
  auto gone = std::make_shared<std::atomic<bool>>(true);
  rig.chain.fetch(request, Chain::Mode::kIfStale, Reply<EntryPtr>([gone](Result<EntryPtr>) { gone->store(false); }));
  auto other = rig.ask(request);
  rig.send("still fetched");
  CHECK(text_of(other.wait().value()) == "still fetched");
  CHECK(rig.chain.known(*request));
}

TEST_CASE("readers left over when the chain ends are told so, and a late answer harms nothing") {
  FakeOrigin::Question late;
  Told told;
  {
    ChainRig rig;
    rig.chain.fetch(rig.request(), Chain::Mode::kIfStale, told.reply());
    late = rig.origin.next();
  }
  CHECK(told.wait().error().code == Code::kAborted);
  late.done(fail(Code::kAborted, "the network thread ends"));
}
