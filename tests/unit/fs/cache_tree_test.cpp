#include "fs/tree/cache.h"

#include "backends/memory_tier.h"
#include "tests/catch.h"
#include "tests/unit/fs/asked.h"

using namespace rfs;
using namespace rfs::test;
using Kind = Node::Kind;

namespace {

struct Rig {
  explicit Rig(CacheTreeOptions options = {})
      : cache({}, memory, nullptr, clock, counters, errors), tree(options, cache, clock, pool, counters, errors) {}
  Node lookup(const std::string& path) { return tree.lookup(path, {}).value(); }
  Result<FilePtr> open(const std::string& path) {
    Asked<FilePtr> asked;
    tree.open(path, {}, nullptr, asked.reply());
    return asked.wait();
  }
  std::string read(const std::string& path) {
    auto file = open(path);
    return file ? content_of(**file) : std::string(to_word(file.error().code));
  }
  Result<FilePtr> commit(Writer& writer, bool sync = false) {
    Asked<FilePtr> asked;
    writer.commit(sync, asked.reply());
    return asked.wait();
  }
  std::unique_ptr<Writer> writer(const std::string& path, bool create = true, bool truncate = true, bool exclusive = false) {
    return tree.write(path, {}, create, truncate, exclusive).value();
  }
  Result<FilePtr> put(const std::string& path, std::string_view document) {
    auto to = writer(path);
    REQUIRE(to->write(0, view(document)));
    return commit(*to);
  }
  std::string xattr(const std::string& path, const std::string& name) {
    auto value = tree.xattr(path, name, {});
    return value ? *value : std::string(to_word(value.error().code));
  }
  std::vector<std::string> names() {
    std::vector<std::string> out;
    auto listed = tree.list("", {}).value();
    for (const auto& one : listed) out.push_back(one.name);
    return out;
  }

  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  MemoryTier memory{{}, counters};
  Pool pool{2, "test"};
  Cache cache;
  CacheTree tree;
};

}  // namespace

TEST_CASE("what is written is read, listed and removed by its key") {
  Rig rig;
  CHECK(rig.lookup("list_repos:o").kind == Kind::kAbsent);
  CHECK(rig.lookup("list_repos:o").timeout == 0);
  auto file = rig.put("list_repos:o", "[1]").value();
  REQUIRE(file);
  CHECK(rig.read("list_repos:o") == "[1]");
  CHECK(rig.cache.find("list_repos:o", false).value());
  auto node = rig.lookup("list_repos:o");
  CHECK(node.kind == Kind::kFile);
  CHECK(node.timeout == 1);
  CHECK(node.mode == 0600);
  CHECK(node.file->version() == file->version());
  CHECK(rig.names() == std::vector<std::string>{"README", "list_repos:o"});
  REQUIRE(rig.tree.remove("list_repos:o", {}));
  CHECK(rig.read("list_repos:o") == "not_found");
  CHECK(rig.tree.remove("list_repos:o", {}).error().code == Code::kNotFound);
}

TEST_CASE("names escape slashes and percent signs") {
  Rig rig;
  REQUIRE(rig.put("get_repo_info:o%2Fr:x=5%25", "1"));
  CHECK(rig.cache.find("get_repo_info:o/r:x=5%", false).value());
  CHECK(rig.names().back() == "get_repo_info:o%2Fr:x=5%25");
  for (auto bad : {"a%2", "a%zz", "%00", "%2e%2e"}) CHECK(rig.tree.lookup(bad, {}).error().code == Code::kInvalid);
}

TEST_CASE("the directory is flat") {
  Rig rig;
  REQUIRE(rig.put("k", "1"));
  CHECK(rig.tree.lookup("k/x", {}).error().code == Code::kNotDirectory);
  CHECK(rig.lookup("d/x").kind == Kind::kAbsent);
  CHECK(rig.tree.write("d/x", {}, true, true, false).error().code == Code::kNotFound);
  CHECK(rig.tree.list("k", {}).error().code == Code::kNotDirectory);
  CHECK(rig.tree.list("d", {}).error().code == Code::kNotFound);
  CHECK(rig.open("").error().code == Code::kIsDirectory);
}

TEST_CASE("what is no JSON is refused at commit, kept out, and told by its path and position") {
  Rig rig;
  REQUIRE(rig.put("k", "\"before\""));
  auto refused = rig.put("k", "{\"a\": }");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kInvalid);
  CHECK(rig.read("k") == "\"before\"");
  CHECK(rig.errors.jsonl().find("\"path\":\"cache/k\"") != std::string::npos);
  CHECK(rig.errors.jsonl().find("\"position\":6") != std::string::npos);
}

TEST_CASE("nothing happens before a commit, and without one nothing at all") {
  Rig rig;
  {
    auto writer = rig.writer("k");
    REQUIRE(writer->write(0, view("1")));
    CHECK(rig.read("k") == "not_found");
  }
  CHECK(rig.read("k") == "not_found");
}

TEST_CASE("an empty file is no document: the close says so, and what is written afterwards counts") {
  Rig rig;
  auto writer = rig.writer("k");
  CHECK(writer->accept_empty().error().code == Code::kInvalid);
  CHECK(rig.errors.size() == 0);  // a shell closes a copy of the descriptor before its command writes
  REQUIRE(writer->write(0, view("[1,")));
  REQUIRE(writer->write(3, view("2]")));
  CHECK(content_of(*rig.commit(*writer).value()) == "[1,2]");
  CHECK(rig.errors.size() == 0);
}

TEST_CASE("what stays empty is refused, told once, and leaves what was there") {
  Rig rig;
  REQUIRE(rig.put("k", "1"));
  auto writer = rig.writer("k");
  CHECK(rig.commit(*writer).error().code == Code::kInvalid);
  CHECK(rig.errors.size() == 1);
  CHECK(rig.read("k") == "1");
}

TEST_CASE("a commit with nothing new answers what is there") {
  Rig rig;
  auto first = rig.put("k", "1").value();
  auto writer = rig.writer("k", false, false);
  CHECK(rig.commit(*writer).value()->version() == first->version());
  REQUIRE(writer->write(0, view("2")));
  auto second = rig.commit(*writer).value();
  CHECK(content_of(*second) == "2");
  CHECK(rig.commit(*writer).value()->version() == second->version());
}

TEST_CASE("a failed commit fails again until something better was written") {
  Rig rig;
  auto writer = rig.writer("k");
  REQUIRE(writer->write(0, view("[")));
  CHECK_FALSE(rig.commit(*writer));
  CHECK_FALSE(rig.commit(*writer));
  REQUIRE(writer->write(1, view("]")));
  CHECK(rig.commit(*writer));
  CHECK(rig.read("k") == "[]");
}

TEST_CASE("writing in place begins with the present content") {
  Rig rig;
  REQUIRE(rig.put("k", "[1,2]"));
  auto writer = rig.writer("k", false, false);
  CHECK(writer->size() == 5);
  CHECK(text(writer->read(1, 3).value()) == "1,2");
  REQUIRE(writer->write(1, view("9")));
  REQUIRE(writer->write(5, view(" \n")));
  REQUIRE(rig.commit(*writer, true));
  CHECK(rig.read("k") == "[9,2] \n");
  auto shorter = rig.writer("k", false, false);
  REQUIRE(shorter->truncate(5));
  REQUIRE(rig.commit(*shorter));
  CHECK(rig.read("k") == "[9,2]");
}

TEST_CASE("exclusive creation and plain opening mind what is there") {
  Rig rig;
  CHECK(rig.tree.write("k", {}, false, false, false).error().code == Code::kNotFound);
  REQUIRE(rig.put("k", "1"));
  CHECK(rig.tree.write("k", {}, true, false, true).error().code == Code::kExists);
}

TEST_CASE("a document over the limit is refused while it is written") {
  CacheTreeOptions options;
  options.max_document = 4;
  Rig rig(options);
  auto writer = rig.writer("k");
  REQUIRE(writer->write(0, view("1234")));
  CHECK(writer->write(4, view("5")).error().code == Code::kTooLarge);
  CHECK(writer->write(UINT64_MAX, view("5")).error().code == Code::kTooLarge);
  CHECK(writer->truncate(5).error().code == Code::kTooLarge);
  REQUIRE(rig.commit(*writer));
  CHECK(rig.read("k") == "1234");
}

TEST_CASE("the TTL is an attribute that can be set") {
  Rig rig;
  REQUIRE(rig.put("list_repos:o", "1"));
  CHECK(rig.xattr("list_repos:o", "user.runnerfs.ttl") == "600");
  CHECK(rig.xattr("list_repos:o", "user.runnerfs.operation") == "list_repos");
  REQUIRE(rig.tree.set_xattr("list_repos:o", "user.runnerfs.ttl", "24h", {}));
  CHECK(rig.xattr("list_repos:o", "user.runnerfs.ttl") == "86400");
  for (auto bad : {"soon", "-1", "", "1x", "99999999999"})
    CHECK(rig.tree.set_xattr("list_repos:o", "user.runnerfs.ttl", bad, {}).error().code == Code::kInvalid);
  CHECK(rig.tree.set_xattr("list_repos:o", "user.other", "1", {}).error().code == Code::kUnsupported);
  CHECK(rig.tree.set_xattr("nobody", "user.runnerfs.ttl", "1", {}).error().code == Code::kNotFound);
  REQUIRE(rig.tree.set_xattr("list_repos:o", "user.runnerfs.ttl", "10s", {}));
  rig.clock.advance(11);
  CHECK(rig.lookup("list_repos:o").kind == Kind::kAbsent);
  CHECK(rig.names() == std::vector<std::string>{"README"});
}

TEST_CASE("every attribute that is named has a value") {
  Rig rig;
  REQUIRE(rig.put("k", "1"));
  auto names = rig.tree.xattr_names("k", {}).value();
  CHECK(names.size() >= 7);
  for (const auto& name : names) CHECK(rig.tree.xattr("k", name, {}));
  CHECK(rig.xattr("k", "user.nothing") == "no_attribute");
}

TEST_CASE("a pattern that matches can be removed as a name") {
  Rig rig;
  for (auto key : {"list_repos:a", "list_repos:b", "other"}) REQUIRE(rig.put(key, "1"));
  CHECK(rig.lookup("nothing*").kind == Kind::kAbsent);
  auto node = rig.lookup("list_repos*");
  CHECK(node.kind == Kind::kFile);
  CHECK(node.timeout == 0);
  REQUIRE(rig.tree.remove("list_repos*", {}));
  CHECK(rig.names() == std::vector<std::string>{"README", "other"});
}

TEST_CASE("the README stays") {
  Rig rig;
  CHECK(rig.read("README").find("user.runnerfs.ttl") != std::string::npos);
  CHECK(rig.tree.write("README", {}, true, true, false).error().code == Code::kReadOnly);
  CHECK(rig.tree.remove("README", {}).error().code == Code::kReadOnly);
}
