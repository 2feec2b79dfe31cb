// What of codeql/ a mount does not show: who waits for what, what a writer answers, and files named by digest and key.
#include "fs/tree/codeql.h"

#include <nlohmann/json.hpp>

#include "base/encode.h"
#include "crypto/hash.h"
#include "tests/unit/fs/asked.h"
#include "tests/unit/results/rig.h"

using namespace rfs;
using namespace rfs::test;
using Kind = Node::Kind;
using results::ResultName;

namespace {

const std::string kConfig = "octo/hello/" + kCommit + "/security-extended/";
const std::string kPython = kConfig + "python.sarif";

struct TreeRig : ResultsRig {
  explicit TreeRig(CodeqlTreeOptions options = {})
      : tree(options, results,
             [this](const ResultName& name, const Caller&, Reply<FilePtr> reply) {
               asked_github.push_back(name);
               if (github.empty()) return reply(fail(Code::kNotFound, "GitHub has none"));
               reply(text_file(github, 1, false));
             },
             {}, pool, world.counters, world.errors) {}

  Node lookup(const std::string& path) { return tree.lookup(path, {}).value(); }
  Result<FilePtr> open(const std::string& path) {
    Asked<FilePtr> asked;
    tree.open(path, {}, nullptr, asked.reply());
    return asked.wait();
  }
  std::string read(const std::string& path) {
    const auto file = open(path);
    if (!file) return std::string(to_word(file.error().code));
    return read_some(**file, 0, static_cast<std::size_t>((*file)->size())).value();
  }
  std::unique_ptr<Writer> writer(const std::string& path) { return tree.write(path, {}, true, true, false).value(); }
  Result<FilePtr> commit(Writer& writer) {
    Asked<FilePtr> asked;
    writer.commit(false, asked.reply());
    return asked.wait();
  }
  Result<FilePtr> write(const std::string& path, std::string_view sarif) {
    world.clock.advance(1);
    auto to = writer(path);
    TRY(to->write(0, view(sarif)));
    return commit(*to);
  }
  std::vector<std::string> names(const std::string& path) {
    std::vector<std::string> out;
    const auto listed = tree.list(path, {});
    if (!listed) return {std::string(to_word(listed.error().code))};
    for (const Listing& one : *listed) out.push_back(one.name + (one.directory ? "/" : ""));
    return out;
  }

  std::string github;
  std::vector<ResultName> asked_github;
  Pool pool{2, "test"};
  CodeqlTree tree;
};

template <class T>
std::string failed(const Result<T>& result) {
  return result ? "" : std::string(to_word(result.error().code));
}

}  // namespace

TEST_CASE("looking up asks nobody: GitHub's analysis is unbound, all else is there or absent") {
  TreeRig rig;
  rig.github = "{}";
  const Node unbound = rig.lookup("octo/hello/" + kCommit + "/github/python.sarif");
  CHECK(unbound.kind == Kind::kUnbound);
  CHECK(unbound.timeout == 0);
  CHECK(rig.lookup(kPython).kind == Kind::kAbsent);
  CHECK(rig.lookup(kConfig + "python.json").kind == Kind::kAbsent);
  CHECK(rig.lookup(kConfig + "manifest.json").kind == Kind::kAbsent);
  CHECK(rig.lookup(kConfig + "python.txt").kind == Kind::kAbsent);
  CHECK(rig.lookup(kConfig.substr(0, kConfig.size() - 1)).kind == Kind::kDirectory);
  // Why there is nothing can be read.
  CHECK(rig.lookup(kConfig + "python.explain").kind == Kind::kFile);
  CHECK(rig.asked_github.empty());
  // A name that nothing can have leaves a line.
  CHECK(failed(rig.tree.lookup(kConfig + "klingon.sarif", {})) == "invalid");
  CHECK(rig.world.errors.jsonl().find("klingon") != std::string::npos);
}

TEST_CASE("GitHub's analysis is fetched by opening it and by its size, and a failure leaves a line") {
  TreeRig rig;
  const std::string path = "octo/hello/" + kCommit + "/github/typescript.sarif";
  CHECK(rig.read(path) == "not_found");
  CHECK(rig.world.errors.jsonl().find("codeql/" + path) != std::string::npos);
  rig.github = "the analysis";
  CHECK(rig.read(path) == "the analysis");
  Asked<FilePtr> bound;
  rig.tree.bind(path, {}, bound.reply());
  CHECK(bound.wait().value()->size() == 12);
  REQUIRE(rig.asked_github.size() == 3);
  CHECK(rig.asked_github[2].language == "javascript");
  CHECK(rig.asked_github[2].commit == kCommit);
}

TEST_CASE("results are read by their digest and listed by their key") {
  TreeRig rig;
  const auto info = rig.put(scan_of(), codeql_like(2));
  rig.put(scan_of("python", kOtherCommit), codeql_like(3));
  rig.put(rig.results, {scan_of("go")}, codeql_like(4));
  CHECK(rig.read(".digest/" + info.digest + ".sarif") == codeql_like(2));
  CHECK(rig.read(".digest/" + std::string(64, '0') + ".sarif") == "not_found");
  const auto manifest = nlohmann::json::parse(rig.read(".digest/" + info.manifest + ".manifest.json"));
  CHECK(manifest["key"] == info.key);
  CHECK(manifest == nlohmann::json::parse(rig.read(kConfig + "python.manifest.json")));
  CHECK(rig.read(kConfig + "go.manifest.json") == "not_found");
  const auto by_key = nlohmann::json::parse(rig.read(".key/" + hex(sha256(view(info.key))) + ".json"));
  REQUIRE(by_key.size() == 2);
  CHECK(by_key[0]["commit"] == kOtherCommit);
  CHECK(by_key[1]["digest"] == info.digest);
  CHECK(by_key[1]["alerts"] == 2);
  CHECK(nlohmann::json::parse(rig.read(".key/" + std::string(64, '0') + ".json")).empty());
  // Not listed: they are found by those who know the name.
  CHECK(rig.names(".digest").empty());
  CHECK(rig.names("") == std::vector<std::string>{"README", "octo/"});
  const auto manifests = nlohmann::json::parse(rig.read(kConfig + "manifest.json"));
  CHECK(manifests.size() == 1);
  CHECK(manifests["python"] == manifest);
}

TEST_CASE("what is worked out comes before the SARIF that it goes with") {
  TreeRig rig;
  rig.put(scan_of(), codeql_like(2));
  rig.put(rig.results, {scan_of("go")}, codeql_like(4));
  CHECK(rig.names(kConfig) ==
        std::vector<std::string>{"manifest.json", "go.explain", "go.json", "python.explain", "python.json",
                                 "python.manifest.json", "go.sarif", "python.sarif"});
  CHECK(rig.names(kPython) == std::vector<std::string>{"not_directory"});
  for (const char* name : {"python.json", "python.explain", "python.manifest.json", "manifest.json"})
    CHECK(rig.tree.remove(kConfig + name, {}));
  CHECK(rig.lookup(kPython).kind == Kind::kFile);
  CHECK(failed(rig.tree.remove("README", {})) == "read_only");
  CHECK(failed(rig.tree.remove(kConfig, {})) == "is_directory");
  CHECK(failed(rig.tree.remove_directory("", {})) == "read_only");
  CHECK(failed(rig.tree.remove_directory(".digest", {})) == "read_only");
  CHECK(failed(rig.tree.make_directory("octo/new", {})) == "exists");
  CHECK(failed(rig.tree.make_directory(kPython, {})) == "invalid");
}

TEST_CASE("how a result is opened for writing decides what may happen") {
  TreeRig rig;
  const auto open = [&](const std::string& path, bool create, bool truncate, bool exclusive) {
    return failed(rig.tree.write(path, {}, create, truncate, exclusive));
  };
  CHECK(open(kPython, false, true, false) == "not_found");
  CHECK(open(kPython, true, false, true).empty());
  REQUIRE(rig.write(kPython, codeql_like(1)));
  CHECK(open(kPython, true, true, true) == "exists");
  CHECK(open(kPython, true, false, false) == "unsupported");
  CHECK(open(kPython, true, true, false).empty());
  CHECK(open(kConfig, true, true, false) == "is_directory");
  CHECK(open(kConfig + "python.json", true, true, false) == "read_only");
  CHECK(open("octo/hello/" + kCommit + "/github/python.sarif", true, true, false) == "read_only");
  CHECK(open(".digest/" + std::string(64, '0') + ".sarif", true, true, false) == "read_only");
}

TEST_CASE("a small result can be mended and committed again, a large one cannot") {
  TreeRig rig;
  const std::string small = codeql_like(1), large = codeql_like(9000);
  REQUIRE(large.size() > (4u << 20));
  auto writer = rig.writer(kPython);
  REQUIRE(writer->write(0, view(small).first(100)));
  CHECK(failed(rig.commit(*writer)) == "invalid");
  CHECK(rig.read(kPython) == "not_found");
  CHECK(text(writer->read(10, 20).value()) == small.substr(10, 20));
  CHECK(writer->read(100, 20).value().empty());
  REQUIRE(writer->write(100, view(small).subspan(100)));
  REQUIRE(rig.commit(*writer));
  CHECK(rig.read(kPython) == small);
  // Nothing changed: nothing is stored anew.
  CHECK(rig.commit(*writer).value() == nullptr);
  CHECK(rig.world.counters.get(Counter::kScansCached) == 1);

  auto streamed = rig.writer(kConfig + "go.sarif");
  REQUIRE(streamed->write(0, view(large)));
  CHECK(streamed->size() == large.size());
  CHECK(failed(streamed->read(0, 10)) == "unsupported");
  CHECK(failed(streamed->truncate(0)) == "unsupported");
  CHECK(failed(streamed->write(7, view("x"))) == "unsupported");
  REQUIRE(rig.commit(*streamed));
  CHECK(failed(streamed->write(large.size(), view(" "))) == "unsupported");
  CHECK(rig.read(kConfig + "go.sarif") == large);
}

TEST_CASE("a large result that is bad fails at the write that shows it, and ever after") {
  TreeRig rig;
  REQUIRE(rig.write(kPython, codeql_like(1)));
  std::string bad = codeql_like(9000);
  bad[bad.size() / 2] = '\xFF';
  auto writer = rig.writer(kPython);
  CHECK(failed(writer->write(0, view(bad))) == "invalid");
  CHECK(failed(writer->write(bad.size(), view("x"))) == "invalid");
  CHECK(failed(rig.commit(*writer)) == "invalid");
  CHECK(rig.read(kPython) == codeql_like(1));
  CHECK(rig.world.errors.jsonl().find("\"position\":" + std::to_string(bad.size() / 2)) != std::string::npos);
}

TEST_CASE("a file that was only created is no result, and the close says so") {
  TreeRig rig;
  auto writer = rig.writer(kPython);
  CHECK(failed(writer->accept_empty()) == "invalid");
  CHECK(failed(rig.commit(*writer)) == "invalid");
  CHECK(rig.read(kPython) == "not_found");
  CHECK(rig.world.errors.jsonl().find("an empty file is no SARIF") != std::string::npos);
}

TEST_CASE("duration and manifest of a scan take effect with it") {
  TreeRig rig;
  const std::string sarif = codeql_like(2);
  auto writer = rig.writer(kPython);
  REQUIRE(writer->write(0, view(sarif)));
  for (const char* wrong : {"", "-1", "abc", "1s", "inf", "nan", "1e999"})
    CHECK(failed(writer->set("user.runnerfs.scan_duration", wrong)) == "invalid");
  REQUIRE(writer->set("user.runnerfs.scan_duration", "12.5"));
  CHECK(failed(writer->set("user.runnerfs.trust", "default")) == "unsupported");
  CHECK_FALSE(writer->set("user.runnerfs.manifest", "{}"));
  const auto of_other = codeql::manifest_json(manifest_of(scan_of("python", kOtherCommit)));
  CHECK(failed(writer->set("user.runnerfs.manifest", of_other)) == "invalid");
  auto forged = manifest_of(scan_of());
  forged.inputs["tool-version"] = "9";
  CHECK(failed(writer->set("user.runnerfs.manifest", codeql::manifest_json(forged))) == "invalid");
  REQUIRE(writer->set("user.runnerfs.manifest", codeql::manifest_json(manifest_of(scan_of()))));
  REQUIRE(rig.commit(*writer));
  const auto info = rig.results.find(scan_of()).value().value();
  CHECK(info.scan_duration == 12.5);
  CHECK(info.key == manifest_of(scan_of()).key);
  CHECK(rig.tree.xattr(kPython, "user.runnerfs.scan_duration", {}).value() == "12.5");
  CHECK(rig.tree.xattr(kPython, "user.runnerfs.reusable", {}).value() == "yes");
  CHECK(rig.tree.xattr(kPython, "user.runnerfs.key", {}).value() == info.key);
  CHECK(failed(rig.tree.xattr(kConfig + "python.json", "user.runnerfs.key", {})) == "no_attribute");
  CHECK(failed(rig.tree.set_xattr(kPython, "user.runnerfs.trust", "default", {})) == "read_only");
  const std::string why = rig.read(kConfig + "python.explain");
  CHECK(why.find("it stands for a scan of the same key") != std::string::npos);
  CHECK(why.find("tool-version: 1") != std::string::npos);
}

TEST_CASE("a miss names what is stored instead, five at the most") {
  TreeRig rig;
  for (const char digit : {'1', '2', '3', '4', '5', '6', '7'})
    rig.put(scan_of("python", std::string(40, digit)), codeql_like(1));
  rig.put(scan_of("go"), codeql_like(1));
  const std::string why = rig.read(kConfig + "python.explain");
  CHECK(why.find("no result of python is stored") == 0);
  for (const char digit : {'3', '4', '5', '6', '7'}) CHECK(why.find(std::string(40, digit)) != std::string::npos);
  for (const char digit : {'1', '2'}) CHECK(why.find(std::string(40, digit)) == std::string::npos);
}

TEST_CASE("modes follow who may read, and retrieved results are counted") {
  TreeRig own;
  REQUIRE(own.write(kPython, codeql_like(1)));
  CHECK(own.lookup(kPython).mode == 0600);
  CHECK(own.lookup(kConfig + "python.json").mode == 0400);
  CHECK(own.lookup("octo").mode == 0700);
  own.read(kPython);
  own.read(kConfig + "python.json");
  own.read(".digest/" + own.results.find(scan_of()).value()->digest + ".sarif");
  CHECK(own.world.counters.get(Counter::kScansRetrieved) == 2);
  CodeqlTreeOptions others;
  others.others = true;
  TreeRig shared(others);
  REQUIRE(shared.write(kPython, codeql_like(1)));
  CHECK(shared.lookup(kPython).mode == 0644);
  CHECK(shared.lookup(kConfig + "python.json").mode == 0444);
  CHECK(shared.lookup("octo").mode == 0755);
}

TEST_CASE("a commit that is under way when the tree ends is waited for, one that comes later is refused") {
  auto rig = std::make_unique<ResultsRig>();
  Pool pool(1, "test");
  Asked<FilePtr> asked;
  {
    CodeqlTree tree({}, rig->results, nullptr, {}, pool, rig->world.counters, rig->world.errors);
    auto writer = tree.write(kPython, {}, true, true, false).value();
    REQUIRE(writer->write(0, view(codeql_like(1))));
    writer->commit(false, asked.reply());
  }
  const auto done = asked.wait();
  if (done)
    CHECK(rig->results.find(scan_of()).value());
  else
    CHECK(done.error().code == Code::kAborted);
}
