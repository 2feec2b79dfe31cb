#include "tests/catch.h"

#include "tests/unit/fs/api_rig.h"

using namespace rfs;
using namespace rfs::test;
using Kind = Node::Kind;

TEST_CASE("a name that could be a file is unbound, and looking asks nobody") {
  ApiRig rig;
  auto node = rig.lookup("repos/o/r.json");
  CHECK(node.kind == Kind::kUnbound);
  CHECK(node.timeout == 0);
  CHECK_FALSE(node.file);
  CHECK(rig.lookup("repos/o/r/issues.jsonl").kind == Kind::kUnbound);
  CHECK(rig.lookup("repos/o/r").kind == Kind::kDirectory);
  CHECK(rig.lookup("").kind == Kind::kDirectory);
  CHECK(rig.lookup("nope.json").kind == Kind::kAbsent);
  CHECK(rig.lookup("nope.json").timeout == 3600);
  CHECK(rig.names("repos/o") == std::vector<std::string>{});
  CHECK(rig.origin.asked() == 0);
}

TEST_CASE("opening asks once; from then on the name shows the version that is held") {
  ApiRig rig;
  auto file = rig.read("repos/o/r.json", R"({"id":1})");
  CHECK(content_of(*file) == R"({"id":1})");
  CHECK(file->size() == 8);
  CHECK_FALSE(file->direct());
  auto node = rig.lookup("repos/o/r.json");
  CHECK(node.kind == Kind::kFile);
  CHECK(node.timeout == 3600);
  CHECK(node.file->version() == file->version());
  CHECK(rig.open("repos/o/r.json").wait().value()->version() == file->version());
  CHECK(rig.origin.asked() == 1);
}

TEST_CASE("a stale version is shown as it is, and opening asks") {
  ApiRig rig;
  auto old = rig.read("user.json", "1", 60);
  rig.clock.advance(61);
  CHECK(rig.lookup("user.json").file->version() == old->version());
  auto asked = rig.open("user.json");
  rig.confirm();
  CHECK(asked.wait().value()->version() == old->version());
  rig.clock.advance(61);
  CHECK(rig.read("user.json", "2")->version() != old->version());
}

TEST_CASE("stat of an unbound name binds it by asking") {
  ApiRig rig;
  Asked<FilePtr> asked;
  rig.tree->bind("user.json", {}, asked.reply());
  rig.send("four");
  CHECK(asked.wait().value()->size() == 4);
}

TEST_CASE("a remembered 404 is absent until it is forgotten") {
  ApiRig rig;
  auto asked = rig.open("users/nobody.json");
  rig.refuse(Code::kNotFound);
  CHECK(asked.wait().error().code == Code::kNotFound);
  CHECK(rig.lookup("users/nobody.json").kind == Kind::kAbsent);
  CHECK(rig.lookup("users/nobody.json").timeout == 0);
  rig.clock.advance(11);
  CHECK(rig.lookup("users/nobody.json").kind == Kind::kUnbound);

  auto lines = rig.open("repos/o/none/issues.jsonl");
  rig.refuse(Code::kNotFound);
  CHECK(lines.wait().error().code == Code::kNotFound);
  CHECK(rig.lookup("repos/o/none/issues.jsonl").kind == Kind::kAbsent);
}

TEST_CASE(".now always asks, is never listed and never cached by the kernel") {
  ApiRig rig;
  rig.read("user.json", "1");
  CHECK(rig.lookup(".now").kind == Kind::kDirectory);
  CHECK(rig.lookup(".now/user.json").kind == Kind::kUnbound);
  CHECK(rig.names("") == std::vector<std::string>{"README", "user.json"});
  CHECK(rig.names(".now").empty());
  auto file = rig.read(".now/user.json", "2");
  CHECK(file->direct());
  CHECK(content_of(*file) == "2");
  CHECK(rig.lookup(".now/user.json").kind == Kind::kUnbound);
  CHECK(rig.origin.asked() == 2);
  CHECK(content_of(*rig.open("user.json").wait().value()) == "2");
}

TEST_CASE("rate_limit is never kept") {
  ApiRig rig;
  CHECK(rig.read("rate_limit.json", "1")->direct());
  CHECK(rig.lookup("rate_limit.json").kind == Kind::kUnbound);
  CHECK(content_of(*rig.read("rate_limit.json", "2")) == "2");
  CHECK(rig.names("") == std::vector<std::string>{"README"});
}

TEST_CASE("directories list what this credential holds, by canonical names") {
  ApiRig rig;
  rig.read("repos/o/r/actions/runs.json?status=success", "{}");
  rig.read("repos/o/%2egithub.json", "{}");
  CHECK(rig.names("") == std::vector<std::string>{"README", "repos/"});
  CHECK(rig.names("repos/o") == std::vector<std::string>{"%2Egithub.json", "r/"});
  CHECK(rig.names("repos/o/r/actions") == std::vector<std::string>{"runs@status=success.json"});
  CHECK(rig.lookup("repos/o/r/actions/runs@status=success.json").kind == Kind::kFile);
  *rig.partition.lock() = "p2";
  CHECK(rig.names("") == std::vector<std::string>{"README"});
  CHECK(rig.lookup("repos/o/r/actions/runs@status=success.json").kind == Kind::kUnbound);
}

TEST_CASE("listing what is no directory fails") {
  ApiRig rig;
  CHECK(rig.tree->list("user.json", {}).error().code == Code::kNotDirectory);
  CHECK(rig.tree->list("README", {}).error().code == Code::kNotDirectory);
  CHECK(rig.tree->list("nope", {}).error().code == Code::kNotFound);
  CHECK(rig.open("repos").wait().error().code == Code::kIsDirectory);
  CHECK(rig.open("nope.json").wait().error().code == Code::kNotFound);
}

TEST_CASE("names that are refused are told with their reason") {
  ApiRig rig({}, {{}, {"/user"}, {}});
  CHECK(rig.failure("repos/%2e%2e/x.json") == Code::kInvalid);
  CHECK(rig.failure("user.json") == Code::kDenied);
  CHECK(rig.failure("repos/o/r.json/x") == Code::kNotDirectory);
  auto lines = rig.errors.jsonl();
  CHECK(lines.find("\"api/repos/%2e%2e/x.json\"") != std::string::npos);
  CHECK(lines.find("api.deny") != std::string::npos);
  CHECK(rig.errors.size() == 2);
  CHECK(rig.origin.asked() == 0);
}

TEST_CASE("the README is a file of the root") {
  ApiRig rig;
  auto node = rig.lookup("README");
  REQUIRE(node.kind == Kind::kFile);
  auto file = rig.open("README").wait().value();
  CHECK(file->version() == node.file->version());
  CHECK(content_of(*file).find("runs@status=success.json") != std::string::npos);
}

TEST_CASE("modes are the owner's, or everybody's to read") {
  ApiRig mine, all({true});
  CHECK(mine.lookup("").mode == 0700);
  CHECK(mine.lookup("user.json").mode == 0600);
  CHECK(all.lookup("repos").mode == 0755);
  CHECK(all.lookup("user.json").mode == 0644);
}

TEST_CASE("attributes tell where a version comes from and how fresh it is") {
  ApiRig rig;
  rig.tree->set_rates([] {
    RateWindow core, search;
    core.resource = "core", core.remaining = 4999, core.reset = 1'700'000'100;
    search.resource = "search", search.remaining = 3, search.reset = 5;
    return std::vector<RateWindow>{search, core};
  });
  CHECK(rig.xattr("user.json", "user.runnerfs.state") == "no_attribute");
  CHECK(rig.tree->xattr_names("user.json", {})->empty());
  rig.read("user.json", "abc", 60);
  CHECK(rig.xattr("user.json", "user.runnerfs.state") == "fresh");
  CHECK(rig.xattr("user.json", "user.runnerfs.source") == "origin");
  rig.open("user.json").wait().value();
  CHECK(rig.xattr("user.json", "user.runnerfs.source") == "memory");
  CHECK(rig.xattr("user.json", "user.runnerfs.age") == "0");
  CHECK(rig.xattr("user.json", "user.runnerfs.expires") == "1700000060");
  CHECK(rig.xattr("user.json", "user.runnerfs.cid") == "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu");
  CHECK(rig.xattr("user.json", "user.runnerfs.proof") == "origin");
  CHECK(rig.xattr("user.json", "user.http.status") == "200");
  CHECK(rig.xattr("user.json", "user.http.etag") == "no_attribute");
  CHECK(rig.xattr("user.json", "user.github.ratelimit-remaining") == "4999");
  CHECK(rig.xattr("user.json", "user.github.ratelimit-reset") == "1700000100");
  rig.clock.advance(61);
  CHECK(rig.xattr("user.json", "user.runnerfs.state") == "stale");
  CHECK(rig.xattr("user.json", "user.runnerfs.age") == "61");
  auto asked = rig.open("user.json");
  rig.confirm();
  REQUIRE(asked.wait());
  CHECK(rig.xattr("user.json", "user.runnerfs.state") == "revalidated");
  auto names = rig.tree->xattr_names("user.json", {}).value();
  for (const auto& name : names) CHECK(rig.tree->xattr("user.json", name, {}));
  CHECK(rig.xattr("repos", "user.runnerfs.state") == "no_attribute");
  CHECK(rig.tree->set_xattr("user.json", "user.runnerfs.state", "fresh", {}).error().code == Code::kReadOnly);
}

TEST_CASE("api is read-only") {
  ApiRig rig;
  CHECK(rig.tree->write("user.json", {}, true, true, false).error().code == Code::kReadOnly);
  CHECK(rig.tree->remove("user.json", {}).error().code == Code::kReadOnly);
  CHECK(rig.tree->make_directory("x", {}).error().code == Code::kReadOnly);
}

TEST_CASE("an answer that says no-store is given and not kept") {
  ApiRig rig;
  rig.read("repos/o/r.json", "[0]");
  rig.clock.advance(61);
  auto asked = rig.open("repos/o/r.json");
  auto question = rig.origin.next();
  question.done(Answer{rig.entry(*question.ask.request, "[1]"), true, false});
  CHECK(content_of(*asked.wait().value()) == "[1]");
  CHECK(rig.lookup("repos/o/r.json").kind == Node::Kind::kUnbound);
  CHECK(rig.names("repos/o").empty());
}
