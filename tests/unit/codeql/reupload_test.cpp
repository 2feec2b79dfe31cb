#include "backends/codeql/reupload.h"

#include <nlohmann/json.hpp>

#include "tests/unit/codeql/repo.h"

using namespace rfs;
using namespace rfs::codeql;
using namespace rfs::test;

namespace {

Result<std::string> rewritten(const std::string& text, std::size_t piece = 1u << 16) {
  std::string out;
  Reupload filter({"aaa", "ddd", "2026-01-02T03:04:05.000Z"}, {"https://github.com/octo/hello", "bbb", "main"},
                  [&](std::string_view bytes) -> Result<> {
                    out.append(bytes);
                    return {};
                  });
  for (std::size_t at = 0; at < text.size(); at += piece) TRY(filter.push(std::string_view(text).substr(at, piece)));
  TRY(filter.finish());
  return out;
}

nlohmann::json parsed(const std::string& text) {
  auto out = rewritten(text);
  if (!out) FAIL(out.error().message);
  return nlohmann::json::parse(*out);
}

const std::string kRun =
    R"({"tool":{"driver":{"name":"CodeQL"}},"results":[{"message":{"text":"a, b: {c} \"properties\": \\"},"properties":{"jobRunUuid":"kept"}}])";

}  // namespace

TEST_CASE("of a run only what binds it to its scan is changed") {
  const auto log = parsed(
      "{\"version\":\"2.1.0\",\"runs\":[" + kRun +
      R"(,"automationDetails":{"id":"/language:python/7"},"versionControlProvenance":[{"repositoryUri":"x","revisionId":"old"}],"properties":{"jobRunUuid":"u","a":[1,{"b":2}]}}]})");
  const auto& run = log["runs"][0];
  CHECK(
      run["properties"] ==
      nlohmann::json::parse(
          R"({"a":[1,{"b":2}],"runnerfs.reusedFrom":{"commit":"aaa","digest":"ddd","analysedAt":"2026-01-02T03:04:05.000Z"}})"));
  CHECK(run["versionControlProvenance"] ==
        nlohmann::json::parse(
            R"([{"repositoryUri":"https://github.com/octo/hello","revisionId":"bbb","branch":"main"}])"));
  CHECK(run["automationDetails"]["id"] == "/language:python/7");
  CHECK(run["results"][0]["properties"]["jobRunUuid"] == "kept");
}

TEST_CASE("a run without properties gets them, and every other byte stays") {
  const std::string head = "{\n  \"version\": \"2.1.0\", \"runs\" : [ ",
                    tail = " ] , \"properties\": {\"jobRunUuid\": 1} }\n";
  const auto out = rewritten(head + kRun + "}" + tail);
  REQUIRE(out);
  CHECK(out->starts_with(head + kRun));
  CHECK(out->ends_with(tail));
  CHECK(nlohmann::json::parse(*out)["runs"][0]["properties"].contains("runnerfs.reusedFrom"));
}

TEST_CASE("it does not matter how the bytes are cut") {
  const std::string text =
      "{\"runs\":[" + kRun + ",\"properties\" : { \"jobRunUuid\" : \"u\" } }," + kRun + "}],\"version\":\"2.1.0\"}";
  const auto whole = rewritten(text);
  REQUIRE(whole);
  for (const std::size_t piece : {1, 2, 3, 7, 64}) CHECK(rewritten(text, piece).value() == *whole);
  CHECK(nlohmann::json::parse(*whole)["runs"].size() == 2);
}

TEST_CASE("nothing empty or partial passes for a result") {
  CHECK_FALSE(rewritten("{\"version\":\"2.1.0\",\"runs\":[]}"));
  CHECK_FALSE(rewritten("{\"version\":\"2.1.0\"}"));
  CHECK_FALSE(rewritten("{\"runs\":[" + kRun));
  CHECK_FALSE(rewritten(""));
  CHECK_FALSE(rewritten("{\"runs\":[" + kRun + ",\"prop\\u0065rties\":{}}]}"));
  CHECK_FALSE(rewritten("{\"runs\":[" + kRun + ",\"properties\":[]}]}"));
}

TEST_CASE("a file that a result is about must be the same in the new commit") {
  Repo repo;
  auto git = Git::open(repo.root, repo.environment());
  REQUIRE(git);
  const auto blobs = blobs_of(*git, repo.head(), {"app.py", "lib/tool.py", "gone.py"});
  REQUIRE(blobs);
  CHECK(blobs->size() == 2);
  repo.write("README.md", "# other\n");
  CHECK(check_blobs(*git, repo.commit(), *blobs));
  repo.write("lib/tool.py", "import sys\n");
  const auto changed = check_blobs(*git, repo.commit(), *blobs);
  REQUIRE_FALSE(changed);
  CHECK(mentions(changed.error().message, "lib/tool.py"));
  repo.git({"rm", "-q", "app.py"});
  CHECK(mentions(check_blobs(*git, repo.commit(), *blobs).error().message, "app.py"));
}
