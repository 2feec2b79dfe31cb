#include "backends/secrets/context.h"

#include "tests/catch.h"

using namespace rfs;

namespace {

const FileReader kNoFiles = [](const std::string&) { return std::nullopt; };

FileReader payload(std::string text) {
  return [text](const std::string& path) { return path == "/event" ? std::optional(text) : std::nullopt; };
}

std::string pull_request(const std::string& head) {
  return R"({"pull_request": {"head": {"repo": )" + head + R"(}}, "repository": {"full_name": "octo/hello"}})";
}

const Variables kJob{{"GITHUB_REPOSITORY", "octo/hello"},
                     {"GITHUB_REPOSITORY_ID", "1296269"},
                     {"GITHUB_WORKFLOW", "CI"},
                     {"GITHUB_WORKFLOW_REF", "octo/hello/.github/workflows/build.yml@refs/heads/main"},
                     {"RUNNER_NAME", "runner-1"},
                     {"GITHUB_EVENT_NAME", "push"},
                     {"GITHUB_ACTOR", "octocat"}};

Context of(Variables changed, const ContextOptions& options = {}, const FileReader& read = kNoFiles) {
  changed.insert(kJob.begin(), kJob.end());
  return make_context(options, changed, read);
}

}  // namespace

TEST_CASE("the environment of a job is its context") {
  const Context context = of({});
  CHECK(context.repository == "octo/hello");
  CHECK(context.repository_id == "1296269");
  CHECK(context.workflow_file == "build.yml");
  CHECK(context.workflow_name == "CI");
  CHECK(context.runner_id == "runner-1");
  CHECK(context.event == "push");
  CHECK(context.actor == "octocat");
  CHECK_FALSE(context.untrusted);
}

TEST_CASE("nothing is known without options and environment") {
  const Context context = make_context({}, {}, kNoFiles);
  CHECK((context.repository + context.repository_id + context.workflow_file + context.workflow_name).empty());
  CHECK((context.runner_id + context.event + context.actor + context.untrusted_why).empty());
  CHECK_FALSE(context.untrusted);
}

TEST_CASE("options come before the environment") {
  const Context context = of({}, {"octo/hello", ".github/workflows/deploy.yml", "runner-2"});
  CHECK(context.repository_id == "1296269");
  CHECK(context.workflow_file == "deploy.yml");
  CHECK(context.workflow_name.empty());
  CHECK(context.runner_id == "runner-2");
}

TEST_CASE("the job's workflow and id are not those of another repository") {
  const Context context = of({}, {"octo/other", "", ""});
  CHECK(context.repository == "octo/other");
  CHECK((context.repository_id + context.workflow_file + context.workflow_name).empty());
  CHECK(of({}, {"Octo/Hello", "", ""}).repository_id == "1296269");
}

TEST_CASE("an option that repeats its variable changes nothing") {
  CHECK(of({}, {"octo/hello", "CI", "runner-1"}).workflow_file == "build.yml");
}

TEST_CASE("a workflow that runs from another repository is none of this one") {
  const Context context = of({{"GITHUB_WORKFLOW_REF", "octo/rules/.github/workflows/build.yml@main"}});
  CHECK(context.workflow_file.empty());
  CHECK(context.workflow_name.empty());
}

TEST_CASE("a workflow that calls itself by the name of another file stays what it is") {
  const Context context = of({{"GITHUB_WORKFLOW", "deploy.yml"}});
  CHECK(context.workflow_file == "build.yml");
  CHECK(context.workflow_name.empty());
}

TEST_CASE("a workflow without a name is called by its path") {
  const Context context =
      make_context({"octo/hello", "", ""}, {{"GITHUB_WORKFLOW", ".github/workflows/build.yml"}}, kNoFiles);
  CHECK(context.workflow_file == "build.yml");
  CHECK(context.workflow_name.empty());
}

TEST_CASE("a repository that is not of the form owner/repo is unknown") {
  for (const char* text : {"octo", "octo/", "/hello", "octo/he llo", "octo/hello/x", "octo/..", "octo\n/hello"})
    CHECK(make_context({text, "", ""}, {}, kNoFiles).repository.empty());
}

TEST_CASE("a pull request from a fork is not trusted") {
  const char* event = GENERATE("pull_request", "pull_request_review", "pull_request_review_comment");
  const Context context = of({{"GITHUB_EVENT_NAME", event}, {"GITHUB_EVENT_PATH", "/event"}}, {},
                             payload(pull_request(R"({"full_name": "mallory/hello"})")));
  CHECK(context.untrusted);
  CHECK(context.untrusted_why == std::string("the event is a ") + event + " from a fork");
  CHECK(context.head_repository == "mallory/hello");
}

TEST_CASE("a pull request from within the repository is trusted") {
  const Context context = of({{"GITHUB_EVENT_NAME", "pull_request"}, {"GITHUB_EVENT_PATH", "/event"}}, {},
                             payload(pull_request(R"({"full_name": "Octo/hello"})")));
  CHECK_FALSE(context.untrusted);
}

TEST_CASE("a pull request of which the head is not known is not trusted") {
  const Variables event{{"GITHUB_EVENT_NAME", "pull_request"}, {"GITHUB_EVENT_PATH", "/event"}};
  for (const std::string& text :
       {pull_request("null"), pull_request("7"), std::string("{"), std::string("[]"), std::string()})
    CHECK(of(event, {}, payload(text)).untrusted);
  CHECK(of(event).untrusted);
  CHECK(of({{"GITHUB_EVENT_NAME", "pull_request"}}).untrusted);
}

TEST_CASE("an event by Dependabot is not trusted, whatever it is and whoever runs it again") {
  CHECK(of({{"GITHUB_ACTOR", "dependabot[bot]"}}).untrusted);
  CHECK(of({{"GITHUB_ACTOR", "dependabot[bot]"}, {"GITHUB_TRIGGERING_ACTOR", "octocat"}}).untrusted);
  CHECK(of({{"GITHUB_TRIGGERING_ACTOR", "dependabot[bot]"}}).untrusted_why == "the event was caused by Dependabot");
}

TEST_CASE("events to which GitHub gives secrets are trusted") {
  const char* event = GENERATE("pull_request_target", "workflow_run", "workflow_dispatch", "schedule", "merge_group");
  CHECK_FALSE(of({{"GITHUB_EVENT_NAME", event}, {"GITHUB_EVENT_PATH", "/event"}}, {},
                 payload(pull_request(R"({"full_name": "mallory/hello"})")))
                  .untrusted);
}
