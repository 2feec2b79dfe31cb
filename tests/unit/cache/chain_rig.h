// A Chain with fakes around it, and words to ask and answer with.
#pragma once

#include <fmt/core.h>

#include "backends/chain.h"
#include "tests/unit/cache/fakes.h"

namespace rfs::test {

struct ChainRig {
  explicit ChainRig(bool with_disk = true, ChainOptions options = {})
      : memory(MemoryOptions{}, counters),
        pool(2, "test"),
        chain(
            options, memory, with_disk ? &disk : nullptr, peers, origin, [this] { return partition_now(); }, clock,
            pool, counters, errors) {}

  Result<std::string> partition_now() {
    auto p = partition.lock();
    if (p->empty()) return fail(Code::kNoKey, "the token file cannot be read");
    return *p;
  }
  std::shared_ptr<const ApiRequest> request(const std::string& path = "/repos/o/r", bool store = true) {
    auto made = std::make_shared<ApiRequest>();
    made->path = path;
    made->accept = "application/vnd.github+json";
    made->display = path.substr(1) + ".json";
    made->store = store;
    return made;
  }
  EntryKey key(const ApiRequest& one, const std::string& of = "p1") { return entry_key(origin.host(), one, of); }
  std::shared_ptr<Entry> entry(const ApiRequest& one, std::string body, double ttl = 60, const std::string& of = "p1") {
    return entry_of(key(one, of), std::move(body), clock.wall(), ttl);
  }
  Told ask(const std::shared_ptr<const ApiRequest>& one, Chain::Mode mode = Chain::Mode::kIfStale) {
    Told told;
    chain.fetch(one, mode, told.reply());
    return told;
  }
  // The origin answers the next question with a body.
  void send(std::string body, double ttl = 60, bool shareable = false) {
    auto question = origin.next();
    auto made = entry(*question.ask.request, std::move(body), ttl);
    made->meta.shareable = shareable;
    question.done(Answer{made, true});
  }
  // 304 to what was held.
  void confirm(double ttl = 60) {
    auto question = origin.next();
    const EntryPtr& old = question.ask.own ? question.ask.own : question.ask.shared;
    auto made = std::make_shared<Entry>(*old);
    made->key = key(*question.ask.request);
    made->meta.validated_at = clock.wall();
    made->meta.expires_at = clock.wall() + ttl;
    question.done(Answer{made, false});
  }
  void refuse(Code code) { origin.next().done(fail(code, "refused by the test")); }
  std::uint64_t count(Counter counter) { return counters.get(counter); }

  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  MemoryTier memory;
  FakeDisk disk;
  NoPeers peers;
  FakeOrigin origin;
  Sync<std::string> partition{std::string("p1")};
  Pool pool;
  Chain chain;
};

}  // namespace rfs::test
