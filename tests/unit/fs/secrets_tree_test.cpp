// The tree over a vault of which the credentials live in memory.
#include "fs/tree/secrets.h"

#include <unistd.h>

#include "fs/tree/secrets_writer.h"
#include "tests/catch.h"
#include "tests/unit/base/scratch.h"
#include "tests/unit/fs/asked.h"

using namespace rfs;
using namespace rfs::test;
using Kind = Node::Kind;

namespace {

constexpr uid_t kOwner = 1000;

Context runner_context() {
  Context out;
  out.repository = "octo/hello";
  out.runner_id = "r1";
  return out;
}

struct SecretsRig {
  SecretsRig() {
    VaultOptions options;
    options.isolation = Isolation::kJob;
    options.directory = scratch.path("credentials");
    RootKey key;
    key.bytes = SecretBytes::random(32);
    std::string notice;
    vault = Vault::open(options, runner_context(), key, clock, counters, errors, notice).value();
    tree = std::make_unique<SecretsTree>(SecretsTreeOptions{kOwner}, *vault, clock, pool, errors);
  }
  Result<FilePtr> open(const std::string& path, const Caller& caller = owner()) {
    Asked<FilePtr> asked;
    tree->open(path, caller, nullptr, asked.reply());
    return asked.wait();
  }
  std::string read(const std::string& path) {
    auto file = open(path);
    return file ? content_of(**file) : std::string(to_word(file.error().code));
  }
  Result<FilePtr> commit(Writer& writer) {
    Asked<FilePtr> asked;
    writer.commit(true, asked.reply());
    return asked.wait();
  }
  void put(const std::string& path, std::string_view value) {
    auto writer = tree->write(path, owner(), true, true, false).value();
    REQUIRE(writer->write(0, view(value)));
    REQUIRE(commit(*writer));
  }
  Kind kind(const std::string& path) { return tree->lookup(path, owner()).value().kind; }
  static Caller owner() { return {kOwner, kOwner, ::getpid()}; }

  Scratch scratch;
  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  Pool pool{2, "test"};
  std::unique_ptr<Vault> vault;
  std::unique_ptr<SecretsTree> tree;
};

}  // namespace

TEST_CASE("a credential is a direct file of its owner that nothing keeps") {
  SecretsRig rig;
  CHECK(rig.kind("KEY") == Kind::kAbsent);
  rig.put("KEY", "value");
  const Node node = rig.tree->lookup("KEY", SecretsRig::owner()).value();
  CHECK(node.kind == Kind::kFile);
  CHECK(node.mode == 0600);
  CHECK(node.timeout == 0);
  CHECK(node.file->direct());
  CHECK(node.file->size() == 5);
  CHECK(!node.file->secret());
  const FilePtr file = rig.open("KEY").value();
  CHECK(file->secret());
  CHECK(text(file->reveal(1, 3).value()) == "alu");
  CHECK(file->reveal(5, 3).value().empty());
}

TEST_CASE("nobody but the owner gets past the tree, root neither") {
  SecretsRig rig;
  rig.put("KEY", "value");
  for (const uid_t uid : {uid_t{0}, uid_t{65534}}) {
    const Caller other{uid, uid, ::getpid()};
    CHECK(rig.tree->lookup("", other).value().mode == 0700);
    CHECK(rig.tree->lookup("KEY", other).error().code == Code::kDenied);
    CHECK(rig.open("KEY", other).error().code == Code::kDenied);
    CHECK(rig.tree->list("", other).error().code == Code::kDenied);
    CHECK(rig.tree->write("NEW", other, true, true, false).error().code == Code::kDenied);
    CHECK(rig.tree->remove("KEY", other).error().code == Code::kDenied);
    CHECK(rig.tree->xattr("KEY", "user.runnerfs.scope", other).error().code == Code::kDenied);
    CHECK(rig.tree->set_xattr("KEY", "user.runnerfs.ttl", "1h", other).error().code == Code::kDenied);
  }
  CHECK(rig.read("KEY") == "value");
}

TEST_CASE("a written value is gathered whole and stored at commit") {
  SecretsRig rig;
  auto writer = rig.tree->write("KEY", SecretsRig::owner(), true, true, false).value();
  CHECK(writer->secret());
  REQUIRE(writer->write(3, view("def")));
  REQUIRE(writer->write(0, view("abc")));
  CHECK(writer->size() == 6);
  CHECK(rig.kind("KEY") == Kind::kAbsent);
  REQUIRE(rig.commit(*writer));
  CHECK(rig.read("KEY") == "abcdef");
  REQUIRE(writer->truncate(2));
  REQUIRE(writer->truncate(4));
  REQUIRE(rig.commit(*writer));
  CHECK(rig.read("KEY") == std::string("ab\0\0", 4));
  CHECK(writer->write(Vault::kMaxValue, view("x")).error().code == Code::kTooLarge);
  CHECK(writer->write(UINT64_MAX, view("x")).error().code == Code::kTooLarge);
  CHECK(writer->truncate(Vault::kMaxValue + 1).error().code == Code::kTooLarge);
}

TEST_CASE("a writer that keeps what is there reads it only when it must") {
  SecretsRig rig;
  rig.put(".scopes/repo/octo/other/KEY", "foreign");
  auto writer = rig.tree->write(".scopes/repo/octo/other/KEY", SecretsRig::owner(), false, false, false).value();
  CHECK(writer->size() == 7);
  CHECK(writer->write(2, view("x")).error().code == Code::kDenied);
  REQUIRE(writer->truncate(0));
  REQUIRE(writer->write(0, view("new")));
  REQUIRE(rig.commit(*writer));
  CHECK(rig.vault->find_scoped({ScopeKind::kRepo, "octo/other"}, "KEY").value().size == 3);
}

TEST_CASE("what goes with a value takes effect with it") {
  SecretsRig rig;
  auto writer = rig.tree->write("KEY", SecretsRig::owner(), true, true, false).value();
  REQUIRE(writer->set("user.runnerfs.ttl", "1h"));
  CHECK(writer->set("user.runnerfs.ttl", "soon").error().code == Code::kInvalid);
  CHECK(writer->set("user.other", "1").error().code == Code::kUnsupported);
  REQUIRE(writer->write(0, view("v")));
  REQUIRE(rig.commit(*writer));
  CHECK(rig.tree->xattr("KEY", "user.runnerfs.ttl", SecretsRig::owner()).value() == "3600");
  auto rotation = rig.tree->write("NOBODY", SecretsRig::owner(), true, true, false).value();
  REQUIRE(rotation->set("user.runnerfs.must-exist", "1"));
  CHECK(rig.commit(*rotation).error().code == Code::kNotFound);
}

TEST_CASE("an open value ends with its time, and its name is gone") {
  SecretsRig rig;
  rig.put("KEY", "value");
  REQUIRE(rig.tree->set_xattr("KEY", "user.runnerfs.ttl", "60", SecretsRig::owner()));
  const FilePtr file = rig.open("KEY").value();
  CHECK(content_of(*file) == "value");
  rig.clock.advance(61);
  CHECK(file->reveal(0, 1).error().code == Code::kExpired);
  CHECK(rig.kind("KEY") == Kind::kAbsent);
  CHECK(rig.read("KEY") == "not_found");
}

TEST_CASE("scopes are directories by name alone, and list what they hold") {
  SecretsRig rig;
  rig.put(".scopes/repo/octo/other/KEY", "v");
  rig.put(".scopes/runner/a%2Fb/KEY", "v");
  const auto names = [&](const std::string& path) {
    std::vector<std::string> out;
    const auto listed = rig.tree->list(path, SecretsRig::owner()).value();
    for (const Listing& one : listed) out.push_back(one.name);
    return out;
  };
  CHECK(names("") == std::vector<std::string>{"README"});
  CHECK(names(".scopes/repo") == std::vector<std::string>{"octo"});
  CHECK(names(".scopes/repo/Octo") == std::vector<std::string>{"other"});
  CHECK(names(".scopes/repo/octo/other") == std::vector<std::string>{"KEY"});
  CHECK(names(".scopes/runner") == std::vector<std::string>{"a%2Fb"});
  CHECK(names(".scopes/repo/not/there").empty());
  CHECK(rig.kind(".scopes/repo/not/there") == Kind::kDirectory);
  CHECK(rig.kind(".scopes/planet") == Kind::kAbsent);
  CHECK(rig.read(".scopes/repo/octo/other/KEY") == "denied");
  CHECK(rig.read("KEY") == "not_found");
}

TEST_CASE("a TTL is a duration above zero and not absurd") {
  CHECK(parse_ttl("24h").value() == 86400);
  CHECK(parse_ttl("0.5").value() == 0.5);
  for (const char* bad : {"", "0", "-1", "soon", "1x", "1e9", "99999999999"}) {
    INFO(bad);
    CHECK(parse_ttl(bad).error().code == Code::kInvalid);
  }
}
