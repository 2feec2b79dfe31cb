// Results on a store of their own, and scans to store in it.
#pragma once

#include <string>

#include "backends/results/results.h"
#include "tests/catch.h"
#include "tests/unit/sarif/sample.h"
#include "tests/unit/store/world.h"

namespace rfs::test {

inline const std::string kCommit(40, 'a'), kOtherCommit(40, 'b');

inline results::ResultName scan_of(const std::string& language = "python", const std::string& commit = kCommit) {
  return {"octo/hello", commit, "security-extended", language};
}

// What `runnerfs codeql put` would say of a scan; its key follows `input`.
inline codeql::Manifest manifest_of(const results::ResultName& name, const std::string& input = "1") {
  codeql::Manifest out;
  out.inputs = {{"tree", std::string(40, 'c')}, {"tool-version", input}};
  out.key = codeql::key_of(out.inputs);
  out.repository = name.repository;
  out.commit = name.commit;
  out.tree = std::string(40, 'c');
  out.ref = "refs/heads/main";
  out.event = "push";
  return out;
}

struct ResultsRig {
  explicit ResultsRig(std::string trust = "default")
      : store(world.open()), results(*store, std::move(trust), world.clock, world.counters) {}

  Result<results::ResultInfo> try_put(results::Results& to, results::NewResult what, std::string_view sarif) {
    TRY_ASSIGN(auto incoming, to.begin());
    TRY(incoming->append(view(sarif)));
    return incoming->commit(std::move(what), false);
  }
  // A second passes, so that results have an order.
  results::ResultInfo put(results::Results& to, results::NewResult what, std::string_view sarif) {
    world.clock.advance(1);
    auto stored = try_put(to, std::move(what), sarif);
    if (!stored) FAIL(stored.error().message);
    return *stored;
  }
  results::ResultInfo put(const results::ResultName& name, std::string_view sarif) {
    return put(results, {name, "local", -1, manifest_of(name)}, sarif);
  }
  std::string content(const results::ResultInfo& info) {
    const auto entry = results.entry(info);
    if (!entry || !*entry) return "none";
    return read_all(*(*entry)->body).value_or("unreadable");
  }

  World world;
  std::unique_ptr<EntryStore> store;
  results::Results results;
};

}  // namespace rfs::test
