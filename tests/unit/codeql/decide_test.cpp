#include "backends/codeql/decide.h"

#include "tests/unit/codeql/repo.h"

using namespace rfs;
using namespace rfs::codeql;
using namespace rfs::test;

namespace {

constexpr double kNow = 1'700'000'000;

Subject subject_of(const std::string& language = "python") {
  Subject out;
  out.language = find_language(language).value();
  out.manifest.key = "k";
  out.manifest.commit = std::string(40, 'b');
  return out;
}

Candidate candidate_of(const std::string& trust = "default") {
  Candidate out;
  out.source = "the local store";
  out.trust = trust;
  out.key = "k";
  out.commit = std::string(40, 'a');
  out.analysed_at = kNow - 7 * 86400;
  return out;
}

Circumstances circumstances_of(Variables variables = {{"GITHUB_EVENT_NAME", "push"},
                                                      {"GITHUB_REF", "refs/heads/main"}}) {
  Circumstances out;
  out.event = scan_event(variables, [](const std::string&) { return std::nullopt; });
  out.now = kNow;
  out.max_age = 86400;
  return out;
}

ScanEvent event_of(Variables variables, const std::string& payload = "") {
  variables["GITHUB_EVENT_PATH"] = "/event.json";
  return scan_event(variables, [&](const std::string&) -> std::optional<std::string> {
    if (payload.empty()) return std::nullopt;
    return payload;
  });
}

const std::string kPull =
    R"({"repository":{"full_name":"octo/hello","default_branch":"trunk"},"pull_request":{"number":7,"head":{"repo":{"full_name":"octo/hello"}}}})";
const std::string kFork =
    R"({"repository":{"full_name":"octo/hello","default_branch":"trunk"},"pull_request":{"number":7,"head":{"repo":{"full_name":"evil/hello"}}}})";
const std::string kPush = R"({"repository":{"full_name":"octo/hello","default_branch":"trunk"}})";

}  // namespace

TEST_CASE("a job's class is what its event proves") {
  const auto of = [](Variables variables, const std::string& payload = "") {
    return trust_class(event_of(variables, payload));
  };
  CHECK(of({}) == "local");
  CHECK(of({{"GITHUB_EVENT_NAME", "push"}, {"GITHUB_REF", "refs/heads/trunk"}}, kPush) == "default");
  CHECK(of({{"GITHUB_EVENT_NAME", "push"}, {"GITHUB_REF", "refs/heads/main"}}, kPush) == "ref:refs/heads/main");
  CHECK(of({{"GITHUB_EVENT_NAME", "push"}, {"GITHUB_REF", "refs/heads/v1"}, {"GITHUB_REF_PROTECTED", "true"}}, kPush) ==
        "default");
  CHECK(of({{"GITHUB_EVENT_NAME", "push"}, {"GITHUB_REF", "refs/tags/v1"}}, kPush) == "ref:refs/tags/v1");
  CHECK(of({{"GITHUB_EVENT_NAME", "merge_group"}, {"GITHUB_REF", "refs/heads/gh-readonly-queue/trunk/pr-7"}}, kPush) ==
        "default");
  CHECK(of({{"GITHUB_EVENT_NAME", "schedule"}, {"GITHUB_REF", "refs/heads/trunk"}}, kPush) == "default");
  CHECK(of({{"GITHUB_EVENT_NAME", "pull_request"}, {"GITHUB_REF", "refs/pull/7/merge"}}, kPull) == "pull:7");
  CHECK(of({{"GITHUB_EVENT_NAME", "pull_request"}, {"GITHUB_REF", "refs/pull/7/merge"}}, kFork) == "fork");
  CHECK(of({{"GITHUB_EVENT_NAME", "pull_request"}, {"GITHUB_REF", "refs/pull/7/merge"}}) == "fork");
  CHECK(of({{"GITHUB_EVENT_NAME", "pull_request_target"}, {"GITHUB_REF", "refs/heads/trunk"}}, kFork) == "fork");
  CHECK(of({{"GITHUB_EVENT_NAME", "pull_request_target"}, {"GITHUB_REF", "refs/heads/trunk"}}, kPull) ==
        "event:pull_request_target");
  CHECK(of({{"GITHUB_EVENT_NAME", "workflow_run"}, {"GITHUB_REF", "refs/heads/trunk"}}, kPush) == "fork");
  CHECK(of({{"GITHUB_EVENT_NAME", "issue_comment"}, {"GITHUB_REF", "refs/heads/trunk"}}, kPush) ==
        "event:issue_comment");
  CHECK(of({{"GITHUB_EVENT_NAME", "push"}, {"GITHUB_REF", "refs/heads/trunk"}, {"GITHUB_ACTOR", "dependabot[bot]"}},
           kPush) == "fork");
}

TEST_CASE("nobody relies on a result of somebody whom he trusts less") {
  CHECK(may_rely("pull:7", "default"));
  CHECK(may_rely("fork", "default"));
  CHECK(may_rely("local", "default"));
  CHECK(may_rely("pull:7", "pull:7"));
  CHECK_FALSE(may_rely("pull:8", "pull:7"));
  CHECK_FALSE(may_rely("default", "pull:7"));
  CHECK_FALSE(may_rely("default", "ref:refs/heads/topic"));
  CHECK_FALSE(may_rely("default", "local"));
  CHECK_FALSE(may_rely("fork", "fork"));
  CHECK_FALSE(may_rely("default", ""));
}

TEST_CASE("what passed through two hands is worth as much as the lower of them") {
  CHECK(lower_trust("default", "default") == "default");
  CHECK(lower_trust("default", "pull:7") == "pull:7");
  CHECK(lower_trust("ref:refs/heads/topic", "default") == "ref:refs/heads/topic");
  CHECK(lower_trust("pull:7", "pull:7") == "pull:7");
  CHECK(lower_trust("pull:7", "pull:8") == "fork");
  CHECK(lower_trust("pull:7", "local") == "fork");
  for (const char* any : {"default", "local", "pull:7", "fork", ""}) {
    CHECK(lower_trust(any, "fork") == "fork");
    CHECK(lower_trust("fork", any) == "fork");
    CHECK(lower_trust(any, "") == "fork");
    CHECK(lower_trust("", any) == "fork");
  }
}

TEST_CASE("an equal key of a trusted job is a skip that says whence") {
  const Decision decision = decide(subject_of(), circumstances_of(), {candidate_of()});
  CHECK(decision.skip);
  CHECK(mentions(decision.reason, "the local store has the result of commit aaaaaaaaaaaa"));
  REQUIRE(decision.chosen);
  CHECK(decision.chosen->commit == std::string(40, 'a'));
}

TEST_CASE("everything else is a scan that says why") {
  Subject subject = subject_of();
  Circumstances circumstances = circumstances_of();
  Candidate candidate = candidate_of();
  std::string why;
  SECTION("nothing stored") {
    circumstances.sources = {"the local store"};
    why = "the local store has no result with this key";
    CHECK(decide(subject, circumstances, {}).reason == why);
    candidate.key = "other";
  }
  SECTION("a doubt") { subject.doubts = {why = "a.py is modified"}; }
  SECTION("a schedule") {
    circumstances = circumstances_of({{"GITHUB_EVENT_NAME", why = "schedule"}, {"GITHUB_REF", "refs/heads/main"}});
  }
  SECTION("a dispatch") { circumstances = circumstances_of({{"GITHUB_EVENT_NAME", why = "workflow_dispatch"}}); }
  SECTION("a result that is no ground") { candidate.not_reusable = why = "it has several runs"; }
  SECTION("a pull request's result") { candidate.trust = "pull:7", why = "pull request 7"; }
  SECTION("a moving input, a week later") {
    subject.manifest.floating = {why = "github/codeql-action/init@v3 may move"};
  }
  SECTION("an uncertain result, a week later") { candidate.uncertain = why = "how it was configured is not known"; }
  SECTION("a date in the future") { candidate.analysed_at = kNow + 3600, why = "future"; }
  SECTION("a changed file") {
    circumstances.changed_given = true, circumstances.changed = {"README.md", why = "app.py"};
  }
  const Decision decision = decide(subject, circumstances, {candidate});
  CHECK_FALSE(decision.skip);
  CHECK_FALSE(decision.chosen);
  INFO(decision.reason);
  CHECK(mentions(decision.reason, why));
}

TEST_CASE("a moving input bounds the age of a result, no more") {
  Subject subject = subject_of();
  Candidate candidate = candidate_of();
  candidate.analysed_at = kNow - 86400 * 365;
  CHECK(decide(subject, circumstances_of(), {candidate}).skip);
  subject.manifest.floating = {"x may move"};
  CHECK_FALSE(decide(subject, circumstances_of(), {candidate}).skip);
  candidate.analysed_at = kNow - 3600;
  CHECK(decide(subject, circumstances_of(), {candidate}).skip);
}

TEST_CASE("changed files only turn a skip into a scan") {
  Circumstances circumstances = circumstances_of();
  circumstances.changed_given = true;
  CHECK(decide(subject_of(), circumstances, {candidate_of()}).skip);
  circumstances.changed = {"README.md", "logo.png"};
  CHECK(decide(subject_of(), circumstances, {candidate_of()}).skip);
  CHECK_FALSE(decide(subject_of("cpp"), circumstances, {candidate_of()}).skip);
  CHECK_FALSE(decide(subject_of(), circumstances, {}).skip);
}

TEST_CASE("a source that could not be asked is told, and does not stand in the way") {
  const Decision scan = decide(subject_of(), circumstances_of(), {}, "GitHub could not be asked");
  CHECK(mentions(scan.reason, "GitHub could not be asked"));
  CHECK(decide(subject_of(), circumstances_of(), {candidate_of()}, "GitHub could not be asked").skip);
}
