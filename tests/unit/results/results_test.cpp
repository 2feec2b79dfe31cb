#include "backends/results/results.h"

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/encode.h"
#include "tests/unit/results/rig.h"

using namespace rfs;
using namespace rfs::test;
using results::ResultInfo;
using results::Results;

TEST_CASE("a result is found by its name, whole and summarised") {
  ResultsRig rig;
  const std::string sarif = codeql_like(20);
  const ResultInfo stored = rig.put(rig.results, {scan_of(), "local", 93.5, manifest_of(scan_of())}, sarif);
  const auto found = rig.results.find(scan_of()).value();
  REQUIRE(found);
  CHECK(rig.content(*found) == sarif);
  CHECK(found->digest == hex(sha256(view(sarif))));
  CHECK(found->digest == stored.digest);
  CHECK(found->size == sarif.size());
  CHECK(found->stored_at == rig.world.clock.wall());
  CHECK(found->scan_duration == 93.5);
  CHECK(found->trust == "default");
  CHECK(found->source == "local");
  CHECK(found->tool == "CodeQL");
  CHECK(found->version == "2.20.1");
  CHECK(found->category == "/language:python");
  CHECK(found->alerts == 20);
  CHECK(found->key == manifest_of(scan_of()).key);
  CHECK(found->mode == "tree");
  CHECK(found->event == "push");
  CHECK(found->not_reusable.empty());
  // What was answered at once is what is read back.
  const auto summary = nlohmann::json::parse(results::summary_json(*found));
  CHECK(nlohmann::json::parse(results::summary_json(stored)) == summary);
  CHECK(summary["alerts_count"] == 20);
  CHECK(summary["scan_duration"] == 93.5);
  CHECK(summary["provenance"] == "local");
  CHECK(rig.world.counters.get(Counter::kScansCached) == 1);
  // Owner and repository have no case.
  auto shouted = scan_of();
  shouted.repository = "OCTO/Hello";
  CHECK(rig.results.find(shouted).value());
  auto renamed = scan_of(), reconfigured = scan_of();
  renamed.repository = "octo/hello2";
  reconfigured.config = "default";
  for (const auto& other : {scan_of("go"), scan_of("python", kOtherCommit), renamed, reconfigured})
    CHECK_FALSE(rig.results.find(other).value());
}

TEST_CASE("a later result replaces the former of its own class, and no other's") {
  ResultsRig rig;
  Results of_pull(*rig.store, "pull:7", rig.world.clock, rig.world.counters);
  rig.put(scan_of(), codeql_like(1));
  rig.put(of_pull, {scan_of()}, codeql_like(2));
  rig.results.changed();
  CHECK(rig.results.all().value()->size() == 2);
  rig.put(scan_of(), codeql_like(3));
  of_pull.changed();
  CHECK(rig.results.all().value()->size() == 2);
  // Each sees its own, though the other's may be newer.
  CHECK(rig.results.find(scan_of()).value()->alerts == 3);
  CHECK(of_pull.find(scan_of()).value()->alerts == 2);
  // Who has none of his own class sees the newest that he may rely on, however new another is.
  Results of_other(*rig.store, "ref:refs/heads/topic", rig.world.clock, rig.world.counters);
  rig.put(of_pull, {scan_of()}, codeql_like(4));
  CHECK(of_other.find(scan_of()).value()->trust == "default");
  CHECK(of_other.find(scan_of()).value()->alerts == 3);
  // And where there is none of these, the newest.
  Results of_fork(*rig.store, "fork", rig.world.clock, rig.world.counters);
  rig.put(of_fork, {scan_of("go")}, codeql_like(5));
  rig.put(of_pull, {scan_of("go")}, codeql_like(6));
  of_other.changed();
  CHECK(of_other.find(scan_of("go")).value()->trust == "pull:7");
}

TEST_CASE("results are found by the key of their scan and by their digest, newest first") {
  ResultsRig rig;
  const ResultInfo old = rig.put(scan_of(), codeql_like(1));
  const results::NewResult of_go{scan_of("go"), "local", -1, manifest_of(scan_of("go"), "2")};
  const ResultInfo other = rig.put(rig.results, of_go, codeql_like(2));
  const ResultInfo newest = rig.put(scan_of("python", kOtherCommit), codeql_like(3));
  rig.put(rig.results, {scan_of("ruby")}, codeql_like(4));  // without a key
  const auto same = rig.results.with_key(old.key).value();
  REQUIRE(same.size() == 2);
  CHECK(same[0].digest == newest.digest);
  CHECK(same[1].digest == old.digest);
  CHECK(rig.results.with_key(other.key).value().size() == 1);
  CHECK(rig.results.with_key("").value().empty());
  CHECK(rig.results.with_digest(other.digest).value()->name.language == "go");
  CHECK_FALSE(rig.results.with_digest(std::string(64, '0')).value());
}

TEST_CASE("the manifest of a scan is kept as it was, but for its class, which is that of the channel") {
  ResultsRig rig("pull:7");
  auto claimed = manifest_of(scan_of());
  claimed.trust = "default";
  claimed.blobs = {{"src/flow.py", std::string(40, 'd')}};
  const ResultInfo info = rig.put(rig.results, {scan_of(), "local", -1, claimed}, codeql_like(5));
  const auto kept = codeql::parse_manifest(rig.results.manifest(info.manifest).value().value()).value();
  CHECK(kept.trust == "pull:7");
  CHECK(info.trust == "pull:7");
  CHECK(kept.inputs == claimed.inputs);
  CHECK(kept.blobs == claimed.blobs);
  CHECK_FALSE(rig.results.manifest(std::string(64, '0')).value());
  // A manifest is no result.
  CHECK(rig.results.all().value()->size() == 1);
  // That of the former result stays for whoever has its digest.
  rig.put(rig.results, {scan_of(), "local", -1, manifest_of(scan_of(), "2")}, codeql_like(6));
  CHECK(rig.results.manifest(info.manifest).value());
}

TEST_CASE("what can be no ground for a skip says why") {
  ResultsRig rig;
  const auto why = [&](std::optional<codeql::Manifest> manifest, const std::string& sarif) {
    return rig.put(rig.results, {scan_of(), "local", -1, std::move(manifest)}, sarif).not_reusable;
  };
  const auto manifest = manifest_of(scan_of());
  CHECK(why(manifest, codeql_like(1)).empty());
  CHECK(why(std::nullopt, codeql_like(1)) == "it was stored without the key of its scan");
  const std::string run = R"({"tool": {"driver": {"name": "T"}}, "results": []})";
  const std::string two = R"({"version": "2.1.0", "runs": [)" + run + "," + run + "]}";
  CHECK(why(manifest, two) == "it has 2 runs, and only one can stand for a scan");
  CHECK(why(std::nullopt, two) == "it has 2 runs, and only one can stand for a scan");
  CHECK(rig.results.find(scan_of()).value()->tool.empty());
  // A file that is not in the repository has no blob to compare.
  const std::string place = R"({"physicalLocation": {"artifactLocation": {"uri": "file:///usr/include/x.h"}}})";
  const std::string outside = log_of("\"results\": [" + result_of("\"locations\": [" + place + "]") + "]");
  CHECK_FALSE(why(manifest, outside).empty());
  auto shallow = manifest;
  shallow.not_reusable = "the work tree was changed";
  CHECK(why(shallow, codeql_like(1)) == "the work tree was changed");
  auto moving = manifest;
  moving.floating = {"the tag v3 may move"};
  rig.put(rig.results, {scan_of(), "local", -1, moving}, codeql_like(1));
  CHECK(rig.results.find(scan_of()).value()->uncertain == "the tag v3 may move");
}

TEST_CASE("those that are chosen are removed, and no others") {
  ResultsRig rig;
  for (const char* language : {"python", "go", "ruby"}) rig.put(scan_of(language), codeql_like(1));
  Results of_pull(*rig.store, "pull:7", rig.world.clock, rig.world.counters);
  rig.put(of_pull, {scan_of("go")}, codeql_like(2));
  rig.results.changed();
  CHECK(rig.results.remove([](const ResultInfo& info) { return info.name.language == "go"; }).value() == 2);
  CHECK(rig.results.all().value()->size() == 2);
  CHECK_FALSE(rig.results.find(scan_of("go")).value());
  CHECK(rig.results.remove([](const ResultInfo& info) { return info.name.language == "go"; }).value() == 0);
  CHECK(rig.results.remove([](const ResultInfo&) { return true; }).value() == 2);
  CHECK(rig.results.all().value()->empty());
  const auto info = rig.put(scan_of(), codeql_like(3));
  CHECK(rig.content(info) == codeql_like(3));
}

TEST_CASE("the index holds still until it is told of another process") {
  ResultsRig rig;
  rig.put(scan_of(), codeql_like(1));
  const auto before = rig.results.all().value();
  const auto beside = rig.world.open();
  Results other(*beside, "default", rig.world.clock, rig.world.counters);
  rig.put(other, {scan_of("go")}, codeql_like(2));
  CHECK(rig.results.all().value() == before);
  CHECK(rig.store->changed_by_others());
  rig.results.changed();
  CHECK(rig.results.all().value()->size() == 2);
  CHECK(before->size() == 1);  // whoever goes through the former one is not disturbed
  REQUIRE(other.remove([](const ResultInfo& info) { return info.name.language == "python"; }));
  // A result that went meanwhile: its entry is none.
  CHECK(rig.results.find(scan_of()).value());
  CHECK_FALSE(rig.results.entry(before->front()).value());
}

TEST_CASE("a row that somebody changed is no result") {
  ResultsRig rig;
  rig.put(scan_of(), codeql_like(1));
  rig.put(scan_of("go"), codeql_like(2000));
  rig.store.reset();
  SECTION("its facts") {
    flip_column(rig.world.directory, "entry", "meta", 100);
    rig.store = rig.world.open();
    Results anew(*rig.store, "default", rig.world.clock, rig.world.counters);
    CHECK(anew.all().value()->empty());
    CHECK_FALSE(anew.find(scan_of()).value());
  }
  SECTION("its id: a row in the place of another") {
    flip_column(rig.world.directory, "entry", "id", 3);
    rig.store = rig.world.open();
    Results anew(*rig.store, "default", rig.world.clock, rig.world.counters);
    CHECK(anew.all().value()->empty());
  }
  SECTION("its bytes: none of them is read") {
    flip_column(rig.world.directory, "chunk", "data", 200);
    rig.store = rig.world.open();
    Results anew(*rig.store, "default", rig.world.clock, rig.world.counters);
    for (const ResultInfo& info : *anew.all().value()) {
      const auto entry = anew.entry(info);
      const bool read = entry && *entry && read_all(*(*entry)->body);
      CHECK_FALSE((info.name.language == "go" && read));
    }
  }
}

TEST_CASE("an entry whose provenance is another result's is no result") {
  ResultsRig rig;
  const ResultInfo info = rig.put(scan_of(), codeql_like(1));
  auto entry = *rig.results.entry(info).value();
  REQUIRE(results::info_of(entry));
  for (const auto& name : {scan_of("go"), scan_of("python", kOtherCommit)}) {
    auto moved = entry;
    moved.key = results::key_of(name, "default");
    CHECK(results::info_of(moved).error().code == Code::kTampered);
  }
  auto silent = entry;
  for (const char* text : {"", "[]", "{}", "{\"repository\": 1}"}) {
    silent.meta.provenance = text;
    CHECK(results::info_of(silent).error().code == Code::kTampered);
  }
  // The class is that of the entry's key, whatever is written beside it.
  auto raised = entry;
  raised.key = results::key_of(scan_of(), "fork");
  CHECK(results::info_of(raised).value().trust == "fork");
}

TEST_CASE("what is dropped before it is committed, or refused, leaves the former result and no file") {
  ResultsRig rig;
  const ResultInfo former = rig.put(scan_of(), codeql_like(7));
  const auto files = files_below(rig.world.directory + "/objects");
  const std::string large = codeql_like(3000);
  REQUIRE(large.size() > (1u << 20));
  {
    auto incoming = rig.results.begin().value();
    REQUIRE(incoming->append(view(large)));
    CHECK(incoming->size() == large.size());
  }
  {
    auto cut = rig.results.begin().value();
    REQUIRE(cut->append(view(large).first(large.size() - 1)));
    const auto refused = cut->commit({scan_of()}, true);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kInvalid);
    CHECK(refused.error().position == static_cast<std::int64_t>(large.size() - 1));
  }
  {
    auto bad = rig.results.begin().value();
    REQUIRE(bad->append(view(large).first(600'000)));
    const auto refused = bad->append(view("\xFF"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().position == 600'000);
  }
  CHECK(files_below(rig.world.directory + "/objects") == files);
  CHECK(rig.results.all().value()->size() == 1);
  CHECK(rig.content(rig.results.find(scan_of()).value().value()) == codeql_like(7));
  CHECK(rig.world.counters.get(Counter::kScansCached) == 1);
  CHECK(former.alerts == 7);
}

TEST_CASE("a result over the limit is refused while it arrives") {
  ResultsRig rig;
  sarif::Options small;
  small.max_size = 1000;
  const std::string sarif = codeql_like(10);
  auto incoming = rig.results.begin(small).value();
  REQUIRE(incoming->append(view(sarif).first(1000)));
  CHECK(incoming->append(view(sarif).subspan(1000)).error().code == Code::kTooLarge);
  CHECK(rig.results.all().value()->empty());
  // Nobody can ask for more than the 1 GiB.
  CHECK(results::kSarifMost == std::uint64_t{1} << 30);
}

TEST_CASE("a result of another tool than was asked for is refused") {
  ResultsRig rig;
  sarif::Options expected;
  expected.tool = "CodeQL";
  expected.version = "2.20.2";
  auto incoming = rig.results.begin(expected).value();
  const std::string sarif = codeql_like(1);
  auto done = incoming->append(view(sarif));
  CHECK((!done && done.error().message.find("version") != std::string::npos));
}

TEST_CASE("large results are sealed while they arrive, and read in any part") {
  ResultsRig rig;
  const std::string sarif = codeql_like(3000);
  auto incoming = rig.results.begin().value();
  for (std::size_t at = 0; at < sarif.size(); at += 10'000)
    REQUIRE(incoming->append(view(std::string_view(sarif).substr(at, 10'000))));
  // Its file is there already, and says nothing to whoever reads the disk.
  for (const std::string& file : files_below(rig.world.directory))
    CHECK(content_of(rig.world.directory + "/" + file).find("user-provided") == std::string::npos);
  const ResultInfo info = incoming->commit({scan_of(), "local", -1, manifest_of(scan_of())}, true).value();
  incoming.reset();
  CHECK(rig.content(info) == sarif);
  const EntryPtr entry = rig.results.entry(info).value();
  Bytes part(100'000);
  CHECK(entry->body->read_at(1'000'001, part).value() == part.size());
  CHECK(text(part) == sarif.substr(1'000'001, part.size()));
  // Another process, too.
  rig.store.reset();
  rig.store = rig.world.open();
  Results anew(*rig.store, "default", rig.world.clock, rig.world.counters);
  const auto found = anew.find(scan_of()).value();
  REQUIRE(found);
  CHECK(read_all(*anew.entry(*found).value()->body).value() == sarif);
}

TEST_CASE("a store that takes nothing says so at the beginning") {
  ResultsRig rig;
  rig.put(scan_of(), codeql_like(1));
  rig.store.reset();
  if (::geteuid() == 0) {
    WARN("skipped: root may write everywhere");
    return;
  }
  using std::filesystem::perms;
  std::filesystem::permissions(rig.world.directory, perms::owner_read | perms::owner_exec);
  rig.store = rig.world.open();
  Results anew(*rig.store, "default", rig.world.clock, rig.world.counters);
  CHECK(anew.begin().error().code == Code::kReadOnly);
  CHECK(anew.find(scan_of()).value());
  std::filesystem::permissions(rig.world.directory, perms::owner_all);
}
