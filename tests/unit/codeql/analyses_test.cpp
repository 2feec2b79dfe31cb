#include "backends/codeql/analyses.h"

#include "backends/codeql/tree.h"
#include "tests/unit/codeql/repo.h"

using namespace rfs;
using namespace rfs::codeql;
using namespace rfs::test;

namespace {

// GitHub, as far as these tests ask it: answers by path, and what was asked.
class FakeGithub final : public GithubApi {
 public:
  Result<> get(const std::string& path, const std::string& query, Media, const Sink& sink) override {
    asked.push_back(query.empty() ? path : path + "?" + query);
    for (const std::string& key : {path + "?" + query, path})
      if (const auto found = answers.find(key); found != answers.end()) {
        sink(view(found->second));
        return {};
      }
    return fail(Code::kNotFound, "not found");
  }
  std::map<std::string, std::string> answers;
  std::vector<std::string> asked;
};

struct Rig {
  Rig() {
    event.default_branch = "main";
    event.ref = "refs/heads/main";
  }
  std::string analysis(const std::string& commit, const std::string& more = "", int id = 7) const {
    return fmt::format(
        R"({{"ref":"refs/heads/main","commit_sha":"{}","analysis_key":".github/workflows/scan.yml:analyze","category":"/language:python","error":"","warning":"","created_at":"2026-01-02T03:04:05Z","results_count":2,"id":{},"tool":{{"name":"CodeQL","version":"2.20.1"}}{}}})",
        commit, id, more);
  }
  void list(const std::string& elements) {
    github.answers["/repos/octo/hello/code-scanning/analyses"] = "[" + elements + "]";
  }
  // What GitHub says of a commit of the repository.
  void know(const std::string& commit, const std::string& tree) {
    github.answers["/repos/octo/hello/git/commits/" + commit] =
        fmt::format(R"({{"sha":"{}","tree":{{"sha":"{}"}}}})", commit, tree);
  }
  void know(const std::string& commit) { know(commit, repo.git({"rev-parse", commit + "^{tree}"})); }
  // The recursive tree, in another order than git's, with the directories that GitHub adds.
  void know_files(const std::string& commit, bool truncated = false) {
    std::string entries =
        R"({"path":"lib","mode":"040000","type":"tree","sha":"0000000000000000000000000000000000000000"})";
    auto git = Git::open(repo.root, repo.environment());
    REQUIRE(git);
    REQUIRE(list_tree(*git, commit, [&](const TreeEntry& entry) {
      entries =
          fmt::format(R"({{"path":"{}","mode":"{}","type":"blob","sha":"{}"}},)", entry.path, entry.mode, entry.id) +
          entries;
      return true;
    }));
    github.answers["/repos/octo/hello/git/trees/" + repo.git({"rev-parse", commit + "^{tree}"}) + "?recursive=1"] =
        fmt::format(R"({{"tree":[{}],"truncated":{}}})", entries, truncated);
  }
  std::vector<Candidate> find() { return find(repo.examine()); }
  std::vector<Candidate> find(const Subject& subject) {
    GithubSource source(github, "octo/hello");
    auto found = source.find(subject, event);
    if (!found) FAIL(found.error().message);
    return *found;
  }
  bool fits() {
    const Subject subject = repo.examine();
    const auto found = find(subject);
    return !found.empty() && found.back().key == subject.manifest.key && found.back().not_reusable.empty();
  }

  Repo repo;
  FakeGithub github;
  ScanEvent event;
};

}  // namespace

TEST_CASE("an analysis of another commit with the same tree stands for this one") {
  Rig rig;
  const std::string scanned = rig.repo.head();
  rig.know(scanned);
  rig.repo.commit("empty");
  rig.list(rig.analysis(scanned));
  CHECK(rig.fits());
  CHECK(rig.find()[0].trust == "default");
  CHECK(rig.find()[0].id == "7");
  CHECK(rig.find()[0].analysed_at == 1767323045);
  rig.github.asked.clear();
  rig.find();
  CHECK(rig.github.asked ==
        std::vector<std::string>{
            "/repos/octo/hello/code-scanning/analyses?ref=refs%2Fheads%2Fmain&tool_name=CodeQL&per_page=100",
            "/repos/octo/hello/git/commits/" + scanned});
}

TEST_CASE("an analysis of this very commit needs no tree") {
  Rig rig;
  rig.list(rig.analysis(rig.repo.head()));
  CHECK(rig.fits());
  CHECK(rig.github.asked.size() == 1);  // the list
}

TEST_CASE("an edited document does not part a scan from GitHub's, an edited source does") {
  Rig rig;
  const std::string scanned = rig.repo.head();
  rig.know(scanned);
  rig.list(rig.analysis(scanned));
  rig.repo.write("README.md", "# other\n");
  rig.repo.commit();
  SECTION("the files are compared") {
    rig.know_files(scanned);
    CHECK(rig.fits());
  }
  SECTION("a cut list is no proof") {
    rig.know_files(scanned, true);
    CHECK_FALSE(rig.fits());
  }
  SECTION("a source") {
    rig.know_files(scanned);
    rig.repo.write("app.py", "print(2)\n");
    rig.repo.commit();
    CHECK_FALSE(rig.fits());
  }
}

TEST_CASE("what is not known to be the same scan is refused") {
  Rig rig;
  const std::string head = rig.repo.head();
  std::string element = rig.analysis(head);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    const std::size_t at = element.find(from);
    REQUIRE(at != std::string::npos);
    element.replace(at, from.size(), to);
  };
  SECTION("with an error") { replaced("\"error\":\"\"", "\"error\":\"out of disk\""); }
  SECTION("with a warning") { replaced("\"warning\":\"\"", "\"warning\":\"25000 results\""); }
  SECTION("of another category") { replaced("/language:python", "/language:ruby"); }
  SECTION("of another version") { replaced("2.20.1", "2.20.0"); }
  SECTION("of another tool") { replaced("\"CodeQL\"", "\"eslint\""); }
  SECTION("of another workflow") { replaced("scan.yml", "other.yml"); }
  SECTION("of default setup") { replaced(".github/workflows/scan.yml", "dynamic/github-code-scanning/codeql"); }
  SECTION("of another ref") { replaced("refs/heads/main", "refs/heads/other"); }
  SECTION("of a commit that GitHub cannot name") { replaced(head, "main"); }
  rig.list(element);
  CHECK_FALSE(rig.fits());
}

TEST_CASE("older analyses are looked at when newer ones are of other files") {
  Rig rig;
  const std::string old = rig.repo.head();
  rig.know(old);
  rig.repo.write("app.py", "print(2)\n");
  const std::string newer = rig.repo.commit();
  rig.know(newer);
  rig.repo.git({"revert", "--no-edit", "HEAD"});
  std::string newest = rig.analysis(newer, "", 8);
  newest.replace(newest.find("03:04:05"), 8, "04:04:05");
  Asked tree = rig.repo.asked();
  tree.mode = Mode::kTree;
  const Subject subject = rig.repo.examine(tree, rig.repo.environment());
  rig.list(rig.analysis(old) + "," + newest);
  const auto found = rig.find(subject);
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == "8");
  CHECK(found[1].key == subject.manifest.key);
}

TEST_CASE("GitHub is asked for the default branch when nobody knows it") {
  Rig rig;
  rig.event.default_branch.clear();
  rig.github.answers["/repos/octo/hello"] = R"({"default_branch":"main"})";
  rig.list(rig.analysis(rig.repo.head()));
  CHECK(rig.fits());
}

TEST_CASE("nothing needs to be uploaded where GitHub has this commit's analysis") {
  Rig rig;
  const std::string scanned = rig.repo.head();
  const auto has = [&] {
    GithubSource source(rig.github, "octo/hello");
    return source.has(rig.repo.examine(), rig.event).value();
  };
  rig.list(rig.analysis(scanned));
  CHECK(has());
  rig.repo.commit("empty");
  CHECK_FALSE(has());
  rig.list(rig.analysis(rig.repo.head()));
  CHECK(has());
  std::string broken = rig.analysis(rig.repo.head());
  broken.replace(broken.find("\"error\":\"\""), 10, "\"error\":\"x\"");
  rig.list(broken);
  CHECK_FALSE(has());
}

TEST_CASE("GitHub's record of the default branch raises what somebody else stored") {
  Rig rig;
  const std::string head = rig.repo.head();
  std::string element = rig.analysis(head);
  const auto vouched = [&](const std::string& commit, std::uint64_t alerts = 2) {
    rig.list(element);
    GithubSource source(rig.github, "octo/hello");
    auto found = source.vouch(rig.repo.examine(), rig.event, commit, alerts);
    REQUIRE(found);
    return *found;
  };
  REQUIRE(vouched(head));
  CHECK(vouched(head)->trust == "default");
  CHECK_FALSE(vouched(std::string(40, '1')));
  SECTION("not with other counts") { CHECK_FALSE(vouched(head, 3)); }
  SECTION("not by an analysis of a pull request, which may be of a part, or a fork's") {
    element.replace(element.find("refs/heads/main"), 15, "refs/pull/7/merge");
    rig.event.ref = "refs/pull/7/merge";
    rig.event.job.name = "pull_request";
    CHECK_FALSE(vouched(head));
    CHECK(rig.find().empty());
  }
}

TEST_CASE("the job's own branch is asked after the default one, and is no more than itself") {
  Rig rig;
  rig.event.job.name = "push";
  rig.event.ref = "refs/heads/topic";
  std::string element = rig.analysis(rig.repo.head());
  element.replace(element.find("refs/heads/main"), 15, "refs/heads/topic");
  rig.list(element);
  CHECK(rig.fits());
  CHECK(rig.find()[0].trust == "ref:refs/heads/topic");
}

TEST_CASE("without a workflow of our own that of the analysis must lie in the commit") {
  Rig rig;
  auto environment = rig.repo.environment();
  environment.erase("GITHUB_WORKFLOW_REF");
  rig.list(rig.analysis(rig.repo.head()));
  CHECK(rig.find(rig.repo.examine(rig.repo.asked(), environment))[0].uncertain.empty());
  rig.repo.git({"mv", ".github/workflows/scan.yml", ".github/workflows/other.yml"});
  rig.repo.commit();
  rig.list(rig.analysis(rig.repo.head()));
  CHECK_FALSE(rig.find(rig.repo.examine(rig.repo.asked(), environment))[0].uncertain.empty());
}

TEST_CASE("the blobs of a commit that was scanned are GitHub's to tell") {
  Rig rig;
  const std::string scanned = rig.repo.head();
  rig.know(scanned);
  rig.know_files(scanned);
  Candidate candidate;
  candidate.commit = scanned;
  GithubSource source(rig.github, "octo/hello");
  const auto blobs = source.blobs(candidate, {"app.py", "none.py"});
  REQUIRE(blobs);
  CHECK(*blobs == std::map<std::string, std::string>{{"app.py", rig.repo.git({"rev-parse", "HEAD:app.py"})}});
  rig.know_files(scanned, true);
  GithubSource again(rig.github, "octo/hello");
  CHECK_FALSE(again.blobs(candidate, {"app.py"}));
}

TEST_CASE("the analysis of a commit and language is found for the tree") {
  Rig rig;
  const std::string commit = rig.repo.head();
  std::string element = rig.analysis(commit);
  element.replace(element.find("/language:python"), 16, ".github/workflows/x.yml:analyze/language:c-cpp/");
  const ApiQuestion question = analyses_question("octo/hello", "");
  CHECK(question.path == "/repos/octo/hello/code-scanning/analyses");
  CHECK(question.query == "tool_name=CodeQL&per_page=100");
  CHECK(analyses_question("octo/hello", "refs/heads/a b").query == "ref=refs%2Fheads%2Fa%20b&" + question.query);
  const auto list = analyses_in("[" + rig.analysis(commit) + "," + element + "]", "").value();
  const auto found = [&](const std::string& language) { return find_analysis(list, commit, language) != nullptr; };
  CHECK(found("python"));
  CHECK(found("cpp"));
  CHECK_FALSE(found("go"));
  CHECK(find_analysis(list, std::string(40, '1'), "python") == nullptr);
  CHECK(analyses_in("[" + rig.analysis(commit) + "]", "refs/heads/other").value().empty());
  CHECK_FALSE(analyses_in("{}", ""));
  CHECK(analysis_path("octo/hello", "7") == "/repos/octo/hello/code-scanning/analyses/7");
}

TEST_CASE("an answer that makes no sense is a failure, not a skip") {
  Rig rig;
  GithubSource source(rig.github, "octo/hello");
  CHECK_FALSE(source.find(rig.repo.examine(), rig.event));
  for (const char* answer : {"{}", "[", "null", "\"x\""}) {
    rig.github.answers["/repos/octo/hello/code-scanning/analyses"] = answer;
    GithubSource again(rig.github, "octo/hello");
    INFO(answer);
    CHECK_FALSE(again.find(rig.repo.examine(), rig.event));
  }
  rig.list(R"(1, null, {"id": "x"}, {"commit_sha": 5}, [])");
  CHECK(rig.find().empty());
}
