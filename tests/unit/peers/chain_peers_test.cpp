// Chain with a tier of peers: what is confirmed, what is believed, what is counted and kept.
#include "backends/chain.h"
#include "tests/catch.h"
#include "tests/unit/cache/fakes.h"

using namespace rfs;
using namespace rfs::test;

namespace {

class FakePeers final : public RemoteTier {
 public:
  void ask(Ask, std::function<void(Result<std::optional<Answer>>)> done) override {
    ++asked;
    if (!body) return done(std::nullopt);
    auto entry = std::make_shared<Entry>();
    entry->sha256 = sha256(view(*body));
    entry->body = std::make_shared<MemoryBody>(*body);
    entry->meta.source = Source::kPeer;
    entry->meta.proof = Proof::kSharedSecret;
    entry->meta.expires_at = expires;
    entry->found = Source::kPeer;
    Answer answer;
    answer.entry = entry;
    answer.word = word;
    answer.verdict = [this](bool right) { verdicts.push_back(right); };
    done(std::optional<Answer>(std::move(answer)));
  }
  void learned(const EntryPtr& entry) override { told.push_back(entry); }

  std::optional<std::string> body;
  bool word = false;
  double expires = 0;
  int asked = 0;
  std::vector<bool> verdicts;
  std::vector<EntryPtr> told;
};

struct PeersRig {
  PeersRig()
      : memory(MemoryOptions{}, counters),
        pool(1, "test"),
        chain({}, memory, &disk, peers, origin, [] { return Result<std::string>("p1"); }, clock, pool, counters, errors) {}
  std::shared_ptr<const ApiRequest> request() {
    auto made = std::make_shared<ApiRequest>();
    made->path = "/repos/o/r";
    made->accept = "application/vnd.github+json";
    made->display = "repos/o/r.json";
    return made;
  }
  Told ask() {
    Told told;
    chain.fetch(request(), Chain::Mode::kIfStale, told.reply());
    return told;
  }

  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  MemoryTier memory;
  FakeDisk disk;
  FakePeers peers;
  FakeOrigin origin;
  Pool pool;
  Chain chain;
};

}  // namespace

TEST_CASE("a peer's body is what GitHub is asked to confirm") {
  PeersRig rig;
  rig.peers.body = "bytes";
  Told told = rig.ask();
  auto question = rig.origin.next();
  REQUIRE(question.ask.shared);
  CHECK(text_of(question.ask.shared) == "bytes");
  auto entry = std::make_shared<Entry>(*question.ask.shared);
  entry->key = entry_key(rig.origin.host(), *question.ask.request, "p1");
  entry->meta.proof = Proof::kEtag;
  entry->meta.expires_at = rig.clock.wall() + 60;
  question.done(Answer{entry, false});
  const auto got = told.wait();
  REQUIRE(got);
  CHECK((*got)->found == Source::kPeer);
  CHECK((*got)->meta.proof == Proof::kEtag);
  rig.pool.stop();
  CHECK(rig.peers.verdicts == std::vector<bool>{true});
  CHECK(rig.counters.get(Counter::kPeerHits) == 1);
  CHECK(rig.counters.get(Counter::kMisses) == 0);
  CHECK(rig.chain.known(*rig.request()));
}

TEST_CASE("a body that GitHub does not confirm is not read by anybody") {
  PeersRig rig;
  rig.peers.body = "a lie";
  Told told = rig.ask();
  auto question = rig.origin.next();
  auto entry = entry_of(entry_key(rig.origin.host(), *question.ask.request, "p1"), "the truth", rig.clock.wall(), 60);
  question.done(Answer{entry, true});
  const auto got = told.wait();
  REQUIRE(got);
  CHECK(text_of(*got) == "the truth");
  rig.pool.stop();
  CHECK(rig.peers.verdicts == std::vector<bool>{false});
  CHECK(rig.counters.get(Counter::kPeerHits) == 0);
  CHECK(rig.counters.get(Counter::kMisses) == 1);
  CHECK(rig.peers.told.size() == 1);  // and this one may be given on
}

TEST_CASE("the same bytes by a 200 are GitHub's, and a call that was made") {
  PeersRig rig;
  rig.peers.body = "bytes";
  Told told = rig.ask();
  auto question = rig.origin.next();
  auto entry = entry_of(entry_key(rig.origin.host(), *question.ask.request, "p1"), "bytes", rig.clock.wall(), 60);
  question.done(Answer{entry, false});
  REQUIRE(told.wait());
  rig.pool.stop();
  CHECK(rig.counters.get(Counter::kPeerHits) == 0);
  CHECK(rig.counters.get(Counter::kMisses) == 1);
}

TEST_CASE("a member's word is an answer, in memory alone") {
  PeersRig rig;
  rig.peers.body = "bytes";
  rig.peers.word = true;
  rig.peers.expires = rig.clock.wall() + 60;
  Told told = rig.ask();
  const auto got = told.wait();
  REQUIRE(got);
  CHECK(text_of(*got) == "bytes");
  CHECK((*got)->meta.proof == Proof::kSharedSecret);
  CHECK((*got)->key.partition == "p1");
  CHECK(rig.peers.asked == 1);
  CHECK(rig.disk.state()->rows.empty());
  REQUIRE(rig.ask().wait());
  CHECK(rig.peers.asked == 1);  // fresh: nobody is asked

  // When its time is over, peers are asked again; what they do not have, GitHub confirms.
  rig.clock.advance(61);
  rig.peers.body.reset();
  Told later = rig.ask();
  auto question = rig.origin.next();
  CHECK(rig.peers.asked == 2);
  CHECK_FALSE(question.ask.own);
  REQUIRE(question.ask.shared);
  question.done(fail(Code::kTimeout, "no answer"));
  CHECK_FALSE(later.wait());
}
