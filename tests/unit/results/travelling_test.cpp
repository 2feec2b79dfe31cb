#include "backends/results/travelling.h"

#include "base/encode.h"
#include "tests/unit/results/rig.h"

using namespace rfs;
using namespace rfs::test;
using results::Arrivals;
using results::ResultInfo;
using results::Results;
using Fate = Arrivals::Fate;

namespace {

// Everything that travels, bodies in memory, as a snapshot brings it.
std::vector<std::shared_ptr<Entry>> packed(Results& results) {
  std::vector<std::shared_ptr<Entry>> out;
  REQUIRE(results::each_travelling(results, [&](const Entry& entry) {
    auto copy = std::make_shared<Entry>(entry);
    copy->body = std::make_shared<MemoryBody>(read_all(*entry.body).value());
    out.push_back(std::move(copy));
    return true;
  }));
  return out;
}

ResultInfo only_one(Results& results) {
  const auto list = results.all().value();
  REQUIRE(list->size() == 1);
  return list->front();
}

}  // namespace

TEST_CASE("a result arrives whole, with its manifest, of its age") {
  ResultsRig from, to;
  const ResultInfo sent = from.put(from.results, {scan_of(), "local", 12.5, manifest_of(scan_of())}, codeql_like(5));
  const auto entries = packed(from.results);
  REQUIRE(entries.size() == 2);
  CHECK_FALSE(results::is_result(*entries[0]));
  to.world.clock.advance(1000);
  Arrivals arrivals(to.results, "default", "octo/hello");
  for (const auto& entry : entries) CHECK(arrivals.take(*entry).value() == Fate::kTaken);
  const ResultInfo info = only_one(to.results);
  CHECK(to.content(info) == codeql_like(5));
  CHECK(info.digest == sent.digest);
  CHECK(info.source == "snapshot");
  CHECK(info.trust == "default");
  CHECK(info.stored_at == sent.stored_at);
  CHECK(info.scan_duration == 12.5);
  CHECK(info.key == sent.key);
  CHECK(info.not_reusable.empty());
  CHECK(to.world.counters.get(Counter::kScansCached) == 0);
  // Once is enough, and it goes on from here.
  CHECK(arrivals.take(*entries[1]).value() == Fate::kKept);
  CHECK(packed(to.results).size() == 2);
}

TEST_CASE("the class is the lowest of all hops") {
  struct Way {
    const char *recorded, *channel, *own, *is;
  };
  for (const Way& way : {Way{"default", "default", "default", "default"}, Way{"default", "pull:7", "pull:7", "pull:7"},
                         Way{"default", "default", "pull:7", "pull:7"}, Way{"pull:7", "pull:7", "default", "pull:7"},
                         Way{"pull:8", "pull:7", "pull:7", "fork"}, Way{"default", "fork", "default", "fork"},
                         Way{"local", "default", "default", "local"}, Way{"default", "", "default", "fork"}}) {
    INFO(way.recorded << " " << way.channel << " " << way.own);
    ResultsRig from(way.recorded), to(way.own);
    from.put(scan_of(), codeql_like(1));
    Arrivals arrivals(to.results, way.channel, "octo/hello");
    for (const auto& entry : packed(from.results)) CHECK(arrivals.take(*entry).value() == Fate::kTaken);
    const ResultInfo info = only_one(to.results);
    CHECK(info.trust == way.is);
    const auto manifest = codeql::parse_manifest(to.results.manifest(info.manifest).value().value());
    CHECK(manifest->trust == way.is);
  }
}

TEST_CASE("neither what a peer sent nor what nobody relies on travels") {
  ResultsRig from;
  results::NewResult of_peer{scan_of("go"), "peer", -1, manifest_of(scan_of("go"))};
  of_peer.trust = "fork";
  from.put(from.results, of_peer, codeql_like(1));
  results::NewResult of_fork{scan_of("ruby")};
  of_fork.trust = "fork";
  from.put(from.results, of_fork, codeql_like(1));
  CHECK(packed(from.results).empty());
  from.put(from.results, {scan_of()}, codeql_like(2));  // without a manifest
  CHECK(packed(from.results).size() == 1);
}

TEST_CASE("what is newer here stays, what is older is replaced") {
  ResultsRig from, to;
  from.put(scan_of(), codeql_like(5));
  const auto entries = packed(from.results);
  to.world.clock.advance(500);
  to.put(scan_of(), codeql_like(6));
  Arrivals late(to.results, "default", "octo/hello");
  CHECK(late.take(*entries[1]).value() == Fate::kKept);
  CHECK(only_one(to.results).alerts == 6);
  from.world.clock.advance(1000);
  from.put(scan_of(), codeql_like(7));
  to.world.clock.advance(1000);
  CHECK(late.take(*packed(from.results)[1]).value() == Fate::kTaken);
  CHECK(only_one(to.results).alerts == 7);
}

TEST_CASE("what is no result, of another repository or no SARIF is refused") {
  ResultsRig from, to;
  from.put(scan_of(), codeql_like(5));
  const auto entries = packed(from.results);
  Arrivals arrivals(to.results, "default", "octo/hello");
  const auto refused = [&](const Entry& entry) { return arrivals.take(entry).value() == Fate::kRefused; };
  Arrivals others(to.results, "default", "octo/other");
  CHECK(others.take(*entries[1]).value() == Fate::kRefused);
  auto moved = *entries[1];
  moved.key.canonical = results::key_of(scan_of("go"), "default").canonical;
  CHECK(refused(moved));
  auto broken = *entries[1];
  broken.body = std::make_shared<MemoryBody>(codeql_like(5).substr(1));
  broken.sha256 = sha256(view(codeql_like(5).substr(1)));
  CHECK(refused(broken));
  auto api = *entries[1];
  api.key.space = Space::kApi;
  CHECK(refused(api));
  for (const auto& [member, text] : {std::pair("repository", "octo/../x"), std::pair("commit", "HEAD"),
                                     std::pair("config", "a b"), std::pair("language", "klingon")}) {
    ResultInfo info = results::info_of(*entries[1]).value();
    (std::string(member) == "repository" ? info.name.repository
     : std::string(member) == "commit"   ? info.name.commit
     : std::string(member) == "config"   ? info.name.config
                                         : info.name.language) = text;
    auto odd = *entries[1];
    odd.key = results::key_of(info.name, info.trust);
    odd.meta.provenance = results::provenance_of(info);
    INFO(member);
    CHECK(Arrivals(to.results, "default", "").take(odd).value() == Fate::kRefused);
  }
  auto forged = *entries[0];
  forged.body = std::make_shared<MemoryBody>("{}");
  CHECK(refused(forged));
  CHECK(to.results.all().value()->empty());
  // Without its manifest it is read, and no ground for anything.
  CHECK(arrivals.take(*entries[1]).value() == Fate::kTaken);
  CHECK(only_one(to.results).not_reusable == "it was stored without the key of its scan");
}
