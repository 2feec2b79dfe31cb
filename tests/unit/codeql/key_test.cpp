#include "backends/codeql/key.h"

#include "backends/codeql/config.h"
#include "backends/codeql/workflow.h"
#include "tests/unit/codeql/repo.h"

using namespace rfs;
using namespace rfs::codeql;
using namespace rfs::test;

TEST_CASE("the reference's hash and key are reproduced") {
  CHECK(reference_hash(R"({"queries": "security-extended", "languages": "auto"})") ==
        "2ccff85ba03cadca8ea58a559085f041f954c9826751f57a5b05b04dcda93168");
  CHECK(canonical_config(R"( {"queries":"security-extended","languages":["python"]} )").value() ==
        "sha256-6356970a3d3d80bf22eb90db5558a240f139282c565dd1e0eee2716091c9de09");
  CHECK(reference_hash("security-extended") == reference_hash(R"({"queries":"security-extended"})"));
  CHECK(reference_key("octo/hello", "abc", R"({"languages": "auto", "queries": "security-extended"})", "python") ==
        "codeql_scan:octo/hello:abc:2ccff85ba03cadca8ea58a559085f041f954c9826751f57a5b05b04dcda93168:python");
}

TEST_CASE("a configuration is a suite or JSON, and nothing else") {
  CHECK(canonical_config("security-extended").value() == "security-extended");
  for (const char* text : {"", "{\"a\": ", "a b", "../x", "a/b", "-x", "github", ".x"}) {
    INFO(text);
    CHECK_FALSE(canonical_config(text));
  }
  CHECK(canonical_config("{\"a\": }").error().position >= 0);
  CHECK(canonical_config(std::string(300, 'a')).error().code == Code::kNameTooLong);
}

TEST_CASE("the key of a scan holds still while a run's own variables change") {
  Repo repo;
  auto environment = repo.environment();
  const std::string key = repo.examine(repo.asked(), environment).manifest.key;
  CHECK(key.size() == 64);
  for (const char* name : {"GITHUB_RUN_ID",
                           "GITHUB_RUN_NUMBER",
                           "GITHUB_RUN_ATTEMPT",
                           "GITHUB_SHA",
                           "GITHUB_REF",
                           "GITHUB_REF_NAME",
                           "GITHUB_REF_TYPE",
                           "GITHUB_REF_PROTECTED",
                           "GITHUB_HEAD_REF",
                           "GITHUB_BASE_REF",
                           "GITHUB_ACTOR",
                           "GITHUB_ACTOR_ID",
                           "GITHUB_TRIGGERING_ACTOR",
                           "GITHUB_EVENT_NAME",
                           "GITHUB_EVENT_PATH",
                           "GITHUB_WORKFLOW_SHA",
                           "GITHUB_JOB",
                           "GITHUB_ACTION",
                           "GITHUB_ACTION_PATH",
                           "GITHUB_ENV",
                           "GITHUB_OUTPUT",
                           "GITHUB_PATH",
                           "GITHUB_STATE",
                           "GITHUB_STEP_SUMMARY",
                           "GITHUB_WORKSPACE",
                           "GITHUB_SERVER_URL",
                           "GITHUB_RETENTION_DAYS",
                           "RUNNER_NAME",
                           "RUNNER_TEMP",
                           "RUNNER_WORKSPACE",
                           "RUNNER_TOOL_CACHE",
                           "RUNNER_TRACKING_ID",
                           "RUNNER_ENVIRONMENT",
                           "RUNNER_DEBUG",
                           "CODEQL_ACTION_ANALYSIS_KEY",
                           "CODEQL_ACTION_INIT_HAS_RUN",
                           "CODEQL_ACTION_JOB_RUN_UUID",
                           "CODEQL_WORKFLOW_STARTED_AT",
                           "CODEQL_DIST",
                           "CODEQL_PLATFORM",
                           "CODEQL_RAM",
                           "LGTM_SRC"}) {
    environment[name] = "changed";
    INFO(name);
    CHECK(repo.examine(repo.asked(), environment).manifest.key == key);
  }
  environment["GITHUB_WORKFLOW_REF"] = "octo/hello/.github/workflows/scan.yml@refs/pull/7/merge";
  CHECK(repo.examine(repo.asked(), environment).manifest.key == key);
  // What the workflow's env: sets counts.
  environment["CODEQL_THREADS"] = "4";
  CHECK(repo.examine(repo.asked(), environment).manifest.key != key);
}

TEST_CASE("every choice of a scan is part of its key") {
  Repo repo;
  const std::string key = repo.key();
  const auto changed = [&](auto change) {
    Asked asked = repo.asked();
    change(asked);
    return repo.key(asked);
  };
  CHECK(changed([](Asked&) {}) == key);
  CHECK(changed([](Asked& a) { a.repository = "Octo/Hello"; }) == key);
  CHECK(changed([](Asked& a) { a.language = "ruby"; }) != key);
  CHECK(changed([](Asked& a) { a.config = "security-and-quality"; }) != key);
  CHECK(changed([](Asked& a) { a.config = "{\"queries\": \"security-extended\"}"; }) != key);
  CHECK(changed([](Asked& a) { a.tool_version = "2.20.2"; }) != key);
  CHECK(changed([](Asked& a) { a.build_mode = "none"; }) != key);
  CHECK(changed([](Asked& a) { a.category = "/language:python/other"; }) != key);
  CHECK(changed([](Asked& a) { a.mode = Mode::kTree; }) != key);
  CHECK(changed([](Asked& a) { a.repository = "octo/other"; }) != key);
  Asked asked = repo.asked();
  asked.language = "typescript";
  Asked alias = asked;
  alias.language = "JavaScript-TypeScript";
  CHECK(repo.key(asked) == repo.key(alias));
}

TEST_CASE("for a build the machine is part of the key") {
  Repo repo;
  Asked asked = repo.asked();
  asked.language = "cpp";
  auto environment = repo.environment();
  environment["ImageVersion"] = "20260801.1";
  const Subject first = repo.examine(asked, environment);
  CHECK(first.manifest.floating.empty());
  environment["ImageVersion"] = "20260808.1";
  CHECK(repo.examine(asked, environment).manifest.key != first.manifest.key);
  environment.erase("ImageVersion");
  CHECK(repo.examine(asked, environment).manifest.floating.size() == 1);
  asked.language = "python";
  const std::string key = repo.examine(asked, environment).manifest.key;
  environment["ImageVersion"] = "20260808.1";
  CHECK(repo.examine(asked, environment).manifest.key == key);
}

TEST_CASE("inputs that may move are told") {
  Repo repo;
  Asked asked = repo.asked();
  CHECK(repo.examine().manifest.floating.empty());
  asked.tool_version = "";
  CHECK(repo.examine(asked, repo.environment()).manifest.floating.size() == 1);
  repo.write(
      ".github/workflows/scan.yml",
      "      - uses: github/codeql-action/init@v3\n        with:\n          config-file: ./.github/codeql.yml\n");
  repo.write(".github/codeql.yml",
             "queries:\n  - uses: octo/queries@main\npacks:\n  - octo/pack\n  - octo/exact@1.2.3\n");
  repo.commit();
  const auto floating = repo.examine().manifest.floating;
  CHECK(floating == std::vector<std::string>{"github/codeql-action/init@v3 may move", "octo/pack may move",
                                             "octo/queries@main may move"});
}

TEST_CASE("a reusable workflow is part of the key, with the variables that it sets") {
  Repo repo;
  repo.write(".github/workflows/scan.yml", "jobs:\n  scan:\n    uses: ./.github/workflows/inner.yml\n");
  repo.write(".github/workflows/inner.yml", "env: {LGTM_INDEX_FILTERS: \"exclude:x\", CODEQL_REGISTRIES_TOKEN: x}\n");
  repo.commit();
  const auto inputs = repo.examine().manifest.inputs;
  CHECK(inputs.contains("file:.github/workflows/inner.yml"));
  CHECK(inputs.contains("env:LGTM_INDEX_FILTERS"));
  CHECK(inputs.at("env:CODEQL_REGISTRIES_TOKEN") == "(not shown)");
}

TEST_CASE("a manifest comes back as it was, and a forged one does not") {
  Repo repo;
  Manifest manifest = repo.examine().manifest;
  manifest.blobs = {{"app.py", "0123"}};
  manifest.trust = "default";
  manifest.floating = {"a \"moving\" thing"};
  const std::string json = manifest_json(manifest);
  const auto back = parse_manifest(json);
  REQUIRE(back);
  CHECK(manifest_json(*back) == json);
  std::string forged = json;
  forged.replace(forged.find("security-extended"), 8, "insecure");
  CHECK_FALSE(parse_manifest(forged));
  CHECK_FALSE(parse_manifest("{}"));
  CHECK_FALSE(parse_manifest("[]"));
}

TEST_CASE("what differs is said, a user's choices first") {
  Repo repo;
  Asked other = repo.asked();
  other.tool_version = "2.19.0";
  other.language = "ruby";
  const auto told =
      differences(repo.examine(other, repo.environment()).manifest.inputs, repo.examine().manifest.inputs);
  REQUIRE(told.size() == 3);
  CHECK(told[0] == "language was ruby, is python");
  CHECK(told[2] == "tool-version was 2.19.0, is 2.20.1");
}

TEST_CASE("words that make no sense are refused with a hint") {
  Repo repo;
  const auto refused = [&](auto change) {
    Asked asked = repo.asked();
    change(asked);
    const auto result = codeql::examine(asked, repo.environment());
    REQUIRE_FALSE(result);
    CHECK_FALSE(result.error().hint.empty());
    return result.error().code;
  };
  CHECK(refused([](Asked& a) { a.language = "klingon"; }) == Code::kUsage);
  CHECK(refused([](Asked& a) { a.commit = "main"; }) == Code::kInvalid);
  CHECK(refused([](Asked& a) { a.commit = "abc123"; }) == Code::kInvalid);
  CHECK(refused([](Asked& a) { a.commit = std::string(40, '1'); }) == Code::kNotFound);
  CHECK(refused([](Asked& a) { a.config = "{"; }) == Code::kInvalid);
  CHECK(refused([](Asked& a) { a.build_mode = "fast"; }) == Code::kUsage);
  CHECK(refused([](Asked& a) { a.repository = "hello"; }) == Code::kInvalid);
  CHECK(refused([](Asked& a) { a.directory = "/"; }) == Code::kNotFound);
}
