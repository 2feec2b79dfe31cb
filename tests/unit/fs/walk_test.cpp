#include "fs/walk.h"

#include "fs/tree/cache.h"
#include "fs/tree/info.h"
#include "fs/tree/root.h"
#include "tests/catch.h"
#include "tests/unit/fs/api_rig.h"

using namespace rfs;
using namespace rfs::test;

namespace {

struct WalkRig : ApiRig {
  WalkRig() : cache({}, memory, nullptr, clock, counters, errors), cache_tree({}, cache, clock, pool, counters, errors) {
    info.add("stats.json", [] { return std::string("{}"); });
    info.set_control([this](const std::string& command, const Caller&) -> Result<> {
      commands.push_back(command);
      return {};
    });
    root.add("api", *tree);
    root.add("cache", cache_tree);
    root.add(".runnerfs", info);
  }
  Result<std::string> cat(const std::string& path, std::size_t most = SIZE_MAX) {
    std::string out;
    auto done = walk.cat(path, [&](BytesView bytes) {
      out += text(bytes);
      return out.size() < most;
    });
    if (!done) return fail(std::move(done.error()));
    return out;
  }
  std::vector<std::string> listed(const std::string& path) {
    std::vector<std::string> out;
    auto infos = walk.list(path).value();
    for (const auto& one : infos) out.push_back(one.path + (one.directory ? "/" : ""));
    return out;
  }
  Cache cache;
  CacheTree cache_tree;
  InfoTree info{clock};
  Root root;
  std::vector<std::string> commands;
  WalkAccess walk{root, Caller{}, Millis(60'000)};
};

}  // namespace

TEST_CASE("cat gives one version whole, whatever spelling leads to it") {
  WalkRig rig;
  const std::string large(400'000, 'x');
  rig.read("user.json", large);
  for (auto path : {"api/user.json", "/api/user.json", "api//user.json/"}) CHECK(rig.cat(path).value() == large);
  CHECK(rig.cat(".runnerfs/stats.json").value() == "{}");
  CHECK(rig.cat("api").error().code == Code::kIsDirectory);
  CHECK(rig.cat("nosuch").error().code == Code::kNotFound);
  CHECK(rig.cat("api/user.json/x").error().code == Code::kNotDirectory);
}

TEST_CASE("cat waits for GitHub, and stops when the reader has enough") {
  WalkRig rig;
  std::thread answering([&] { rig.send_page("[1]", "https://api.test/user/issues?page=2"); });
  CHECK(rig.cat("api/user/issues.jsonl", 1).value() == "1\n");
  answering.join();
  CHECK(rig.origin.asked() == 1);
}

TEST_CASE("an answer that does not come is a timeout") {
  WalkRig rig;
  WalkAccess hasty(rig.root, Caller{}, Millis(1));
  CHECK(hasty.cat("api/user.json", [](BytesView) { return true; }).error().code == Code::kTimeout);
}

TEST_CASE("put stores with its TTL, or says why not") {
  WalkRig rig;
  REQUIRE(rig.walk.put("cache/k", "[1]", {}));
  REQUIRE(rig.walk.put("/cache/k", "[2]", {{"user.runnerfs.ttl", "24h"}}));
  CHECK(rig.cat("cache/k").value() == "[2]");
  CHECK(rig.cache_tree.xattr("k", "user.runnerfs.ttl", {}).value() == "86400");
  CHECK(rig.walk.put("cache/k", "nonsense", {}).error().code == Code::kInvalid);
  CHECK(rig.walk.put("cache/k", "", {}).error().code == Code::kInvalid);
  CHECK(rig.walk.put("cache/k", "3", {{"user.runnerfs.ttl", "soon"}}).error().code == Code::kUsage);
  CHECK(rig.walk.put("api/user.json", "1", {}).error().code == Code::kReadOnly);
  CHECK(rig.cat("cache/k").value() == "[2]");
}

TEST_CASE("list shows full paths, and a file as itself") {
  WalkRig rig;
  rig.read("repos/o/r.json", "{}");
  CHECK(rig.listed("") == std::vector<std::string>{".runnerfs/", "api/", "cache/"});
  CHECK(rig.listed("api") == std::vector<std::string>{"api/README", "api/repos/"});
  CHECK(rig.listed("api/repos/o/r.json") == std::vector<std::string>{"api/repos/o/r.json"});
  CHECK(rig.walk.list("api/nope").error().code == Code::kNotFound);
  CHECK(rig.walk.list("api/repos/o").value().front().size == 2);
}

TEST_CASE("stat asks only when it is told to") {
  WalkRig rig;
  auto unknown = rig.walk.stat("api/user.json", false).value();
  CHECK_FALSE(unknown.held);
  CHECK(rig.origin.asked() == 0);
  std::thread answering([&] { rig.send("four"); });
  auto known = rig.walk.stat("api/user.json", true).value();
  answering.join();
  CHECK(known.held);
  CHECK(known.size == 4);
  CHECK(known.xattrs.size() >= 7);
  CHECK(rig.walk.stat("api", false).value().directory);
  CHECK(rig.walk.stat("cache/none", true).error().code == Code::kNotFound);
}

TEST_CASE("remove takes one name, or a pattern in the last component") {
  WalkRig rig;
  for (auto key : {"cache/list_repos:a", "cache/list_repos:b", "cache/other"}) REQUIRE(rig.walk.put(key, "1", {}));
  CHECK(rig.walk.remove("cache/list_repos*").value() == 2);
  CHECK(rig.walk.remove("cache/list_repos*").error().code == Code::kNotFound);
  CHECK(rig.walk.remove("cache/other").value() == 1);
  CHECK(rig.walk.remove("cache/other").error().code == Code::kNotFound);
  REQUIRE(rig.walk.put("cache/k", "1", {}));
  CHECK(rig.walk.remove("cache/*").value() == 1);
  rig.read("user.json", "1");
  CHECK(rig.walk.remove("api/*").error().code == Code::kReadOnly);
}

TEST_CASE("control writes one command") {
  WalkRig rig;
  REQUIRE(rig.walk.control("invalidate list_repos*"));
  CHECK(rig.commands == std::vector<std::string>{"invalidate list_repos*"});
}
