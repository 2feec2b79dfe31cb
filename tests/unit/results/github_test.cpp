#include "fs/tree/codeql_github.h"

#include <map>

#include "base/sync.h"
#include "tests/catch.h"
#include "tests/unit/fs/asked.h"

using namespace rfs;
using namespace rfs::test;

namespace {

// api/ as it answers what a test gave it, and 404 for all else.
class FakeApi final : public Namespace {
 public:
  void answer(const std::string& path, Result<std::string> content) {
    answers_.insert_or_assign(path, std::move(content));
  }
  std::vector<std::string> asked() { return *asked_.lock(); }

  Result<Node> lookup(const std::string&, const Caller&) override { return Node(); }
  Result<std::vector<Listing>> list(const std::string&, const Caller&) override { return std::vector<Listing>{}; }
  void bind(const std::string&, const Caller&, Reply<FilePtr> reply) override { reply(fail(Code::kBroken, "bind")); }
  void open(const std::string& path, const Caller& caller, FilePtr, Reply<FilePtr> reply) override {
    CHECK(caller.uid == 42);
    asked_.lock()->push_back(path);
    const auto at = answers_.find(path);
    if (at == answers_.end()) return reply(fail(Code::kNotFound, "GitHub has no such thing"));
    if (!at->second) return reply(fail(at->second.error()));
    reply(text_file(*at->second, 1, false));
  }

 private:
  std::map<std::string, Result<std::string>> answers_;
  Sync<std::vector<std::string>> asked_;
};

const std::string kScanned(40, 'a');
const std::string kAnalyses = "api/repos/octo/hello/code-scanning/analyses";

// The list of a ref as GithubScans asks for it.
std::string list_of_ref(const std::string& ref) {
  return file_of_api(codeql::analyses_question("octo/hello", ref), codeql::GithubApi::Media::kJson, false).value();
}

std::string analysis(int id, const std::string& ref, const std::string& more = "", const std::string& day = "02") {
  return R"({"id":)" + std::to_string(id) + R"(,"ref":")" + ref + R"(","commit_sha":")" + kScanned +
         R"(","category":"/language:python","created_at":"2026-01-)" + day +
         R"(T03:04:05Z","results_count":1,"tool":{"name":"CodeQL","version":"2.20.1"}, "error":")" + more + "\"}";
}

struct ScansRig {
  Result<std::string> find(const std::string& ref, const std::string& language = "python") {
    GithubScans scans(api, pool, ref);
    Asked<FilePtr> asked;
    Caller caller;
    caller.uid = 42;
    scans.find({"octo/hello", kScanned, "github", language}, caller, asked.reply());
    auto file = asked.wait();
    if (!file) return fail(std::move(file.error()));
    return content_of(**file);
  }

  FakeApi api;
  Pool pool{2, "test"};
};

}  // namespace

TEST_CASE("questions to GitHub are files of api/") {
  CHECK(list_of_ref("") == kAnalyses + "@tool_name=CodeQL@per_page=100.json");
  CHECK(list_of_ref("refs/heads/a b").starts_with(kAnalyses + "@ref=refs%2Fheads%2Fa"));
  using codeql::GithubApi;
  const codeql::ApiQuestion one{"/repos/octo/hello/code-scanning/analyses/7", ""};
  CHECK(file_of_api(one, GithubApi::Media::kSarif, false).value() == kAnalyses + "/7.sarif");
  CHECK(file_of_api(one, GithubApi::Media::kJson, true).value() ==
        "api/.now/repos/octo/hello/code-scanning/analyses/7.json");
}

TEST_CASE("the analyses of the job's ref come before those of all refs") {
  ScansRig rig;
  rig.api.answer(list_of_ref("refs/heads/topic"), "[" + analysis(7, "refs/heads/topic") + "]");
  rig.api.answer(list_of_ref(""), "[" + analysis(8, "refs/heads/main") + "]");
  rig.api.answer(kAnalyses + "/7.sarif", std::string("seven"));
  rig.api.answer(kAnalyses + "/8.sarif", std::string("eight"));
  CHECK(rig.find("refs/heads/topic").value() == "seven");
  CHECK(rig.api.asked() == std::vector<std::string>{list_of_ref("refs/heads/topic"), kAnalyses + "/7.sarif"});
  // Without a ref there is one list.
  CHECK(rig.find("").value() == "eight");
  CHECK(rig.api.asked().size() == 4);
}

TEST_CASE("a ref without an analysis of the commit leads on to all refs") {
  ScansRig rig;
  rig.api.answer(list_of_ref(""), "[" + analysis(8, "refs/heads/main") + "]");
  rig.api.answer(kAnalyses + "/8.sarif", std::string("eight"));
  SECTION("GitHub knows no analysis of the ref: 404") {}
  SECTION("an empty list") { rig.api.answer(list_of_ref("refs/heads/topic"), std::string("[]")); }
  SECTION("another ref's, which an old server answers with") {
    rig.api.answer(list_of_ref("refs/heads/topic"), "[" + analysis(7, "refs/heads/other") + "]");
  }
  CHECK(rig.find("refs/heads/topic").value() == "eight");
  CHECK(rig.api.asked() ==
        std::vector<std::string>{list_of_ref("refs/heads/topic"), list_of_ref(""), kAnalyses + "/8.sarif"});
}

TEST_CASE("the newest analysis without an error is taken") {
  ScansRig rig;
  rig.api.answer(list_of_ref(""), "[" + analysis(7, "r", "", "01") + "," + analysis(9, "r", "out of disk", "03") + "," +
                                      analysis(8, "r", "", "02") + "]");
  rig.api.answer(kAnalyses + "/8.sarif", std::string("eight"));
  CHECK(rig.find("").value() == "eight");
}

TEST_CASE("where GitHub has none the answer says so, and what was looked at") {
  ScansRig rig;
  rig.api.answer(list_of_ref(""), "[" + analysis(7, "r", "failed") + "]");
  for (const char* language : {"python", "go"}) {
    const auto none = rig.find("refs/heads/main", language);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Code::kNotFound);
    CHECK(none.error().message == "GitHub has no analysis of " + std::string(language) + " for commit " + kScanned);
  }
  for (const std::string& path : rig.api.asked()) CHECK_FALSE(path.ends_with(".sarif"));
}

TEST_CASE("a refusal or a failure ends the search and is told as it is") {
  ScansRig rig;
  const Result<std::string> refusal = fail(Code::kDenied, "not enabled");
  SECTION("of the first list") {
    rig.api.answer(list_of_ref("refs/heads/main"), refusal);
    rig.api.answer(list_of_ref(""), "[" + analysis(8, "refs/heads/main") + "]");
  }
  SECTION("of the second list") { rig.api.answer(list_of_ref(""), refusal); }
  SECTION("of the analysis") {
    rig.api.answer(list_of_ref("refs/heads/main"), "[" + analysis(8, "refs/heads/main") + "]");
    rig.api.answer(kAnalyses + "/8.sarif", refusal);
  }
  const auto refused = rig.find("refs/heads/main");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kDenied);
  CHECK(refused.error().message == "not enabled");
}

TEST_CASE("an answer that is no list is a failure, not an absent analysis") {
  ScansRig rig;
  for (const char* content : {"{}", "[", "7", ""}) {
    rig.api.answer(list_of_ref(""), std::string(content));
    const auto broken = rig.find("");
    REQUIRE_FALSE(broken);
    CHECK(broken.error().code != Code::kNotFound);
  }
  // Elements that name no analysis are passed over.
  rig.api.answer(list_of_ref(""), R"([null, 7, {}, {"id": "x"}, )" + analysis(8, "r") + "]");
  rig.api.answer(kAnalyses + "/8.sarif", std::string("eight"));
  CHECK(rig.find("").value() == "eight");
}
