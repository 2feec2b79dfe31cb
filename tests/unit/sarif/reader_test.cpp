#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/catch.h"
#include "tests/contract/sarif_oracle.h"
#include "tests/unit/sarif/sample.h"

using namespace rfs;
using test::log_of;
using test::read;
using test::result_of;

namespace {

std::string refusal(const std::string& text, sarif::Options options = {}) {
  const auto facts = read(text, std::move(options));
  if (facts) return "accepted";
  CHECK(facts.error().code == Code::kInvalid);
  CHECK(facts.error().position >= 0);
  CHECK(facts.error().position <= static_cast<std::int64_t>(text.size()));
  // The same in pieces.
  const auto pieces = read(text, {}, 7);
  if (!pieces) CHECK(pieces.error().position >= 0);
  return facts.error().message;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("files in the shapes of real tools are summarised as an independent reader summarises them") {
  for (const std::string& text :
       {test::codeql_like(100), test::clang_like(), test::eslint_like(), test::codeql_like(0)}) {
    const auto facts = read(text);
    REQUIRE(facts);
    CHECK(test::counts(*facts) == test::counts(test::oracle(text)));
    for (const std::size_t piece : {1u, 13u, 1000u})
      CHECK(sarif::summary_members(read(text, {}, piece).value()) == sarif::summary_members(*facts));
  }
}

TEST_CASE("tool, version, category and files of a run are told") {
  const auto facts = read(test::codeql_like(20));
  REQUIRE(facts);
  REQUIRE(facts->runs.size() == 1);
  const sarif::Run& run = facts->runs[0];
  CHECK(run.tool == "CodeQL");
  CHECK(run.version == "2.20.1");
  CHECK(run.category == "/language:python");
  CHECK(run.results == 20);
  CHECK(run.rules == 7);
  CHECK(run.artifacts == 1);
  CHECK(facts->paths == std::vector<std::string>{"src/file 0.py", "src/file 1.py", "src/file 2.py", "src/file 3.py",
                                                 "src/file 4.py", "src/flow.py"});
  CHECK(facts->paths_lack.empty());
}

TEST_CASE("real files, where there are some, are summarised as an independent reader summarises them") {
  const char* directory = std::getenv("RFS_SARIF_DIR");
  if (!directory) {
    WARN("skipped: RFS_SARIF_DIR names no directory of SARIF files");
    return;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".sarif") continue;
    CAPTURE(entry.path());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto facts = read(text, {}, 1000);
    REQUIRE(facts);
    CHECK(test::counts(*facts) == test::counts(test::oracle(text)));
    for (std::size_t size = 0; size < text.size(); size += 1024)
      CHECK_FALSE(read(std::string_view(text).substr(0, size)));
    ++files;
  }
  CHECK(files > 0);
}

TEST_CASE("a file that was cut anywhere is refused") {
  const std::string text = test::codeql_like(3);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto facts = read(std::string_view(text).substr(0, size));
    REQUIRE_FALSE(facts);
    CHECK(facts.error().position == static_cast<std::int64_t>(size));
  }
}

TEST_CASE("what is not SARIF 2.1.0 is refused with the reason") {
  CHECK(has(refusal(""), "ends early at byte 0"));
  CHECK(has(refusal("[]"), "a SARIF log is an object"));
  CHECK(has(refusal("7"), "a SARIF log is an object"));
  CHECK(has(refusal("{}"), "no 'version'"));
  CHECK(has(refusal(R"({"version": "2.1.0"})"), "no runs"));
  CHECK(has(refusal(R"({"version": "2.1.0", "runs": []})"), "no runs"));
  CHECK(has(refusal(R"({"version": "2.0.0", "runs": []})"), "not 2.1.0"));
  CHECK(has(refusal(R"({"version": 2.1, "runs": []})"), "not 2.1.0"));
  CHECK(has(refusal(R"({"version": "2.1.0", "runs": {}})"), "'runs' is an object"));
  CHECK(has(refusal(R"({"version": "2.1.0", "runs": "x"})"), "'runs' is no array"));
  CHECK(has(refusal(R"({"version": "2.1.0", "runs": [7]})"), "no object"));
  CHECK(has(refusal(R"({"version": "2.1.0", "runs": [{"results": []}]})"), "no tool"));
  CHECK(has(refusal(R"({"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": []}]})"), "no name"));
  CHECK(has(refusal(log_of(R"("results": [{}])")), "no message"));
  CHECK(has(refusal(log_of(R"("results": [[]])")), "must not be"));
  CHECK(has(refusal(log_of(R"("results": [)" + result_of(R"("level": "bad")") + "]")), "'level'"));
  CHECK(has(refusal(log_of(R"("results": [)" + result_of(R"("kind": 1)") + "]")), "kind"));
  CHECK(has(refusal(log_of(R"("results": [)" + result_of(R"("ruleIndex": "1")") + "]")), "'ruleIndex'"));
  CHECK(has(refusal(log_of(R"("results": [)" + result_of(R"("ruleIndex": -2)") + "]")), "'ruleIndex'"));
  CHECK(has(refusal(log_of(R"("results": [] , "invocations": [{}])")), "executionSuccessful"));
  CHECK(refusal(log_of(R"("results": [])")) == "accepted");
}

TEST_CASE("what is no full scan is refused with the reason") {
  CHECK(has(refusal(log_of("")), "no results"));
  CHECK(has(refusal(log_of(R"("results": null)")), "no results"));
  CHECK(has(refusal(log_of(R"("results": [], "properties": {"incrementalMode": "diff-informed"})")), "incremental"));
  CHECK(has(refusal(log_of(R"("results": [], "properties": {"incrementalMode": ["overlay"]})")), "incremental"));
  CHECK(has(refusal(log_of(R"("results": [], "invocations": [{"executionSuccessful": false}])")), "failed"));
  CHECK(
      has(refusal(log_of(R"("results": [], "invocations": [{"executionSuccessful": true, "exitSignalName": "KILL"}])")),
          "failed"));
  CHECK(has(refusal(log_of(R"("results": [], "invocations": [{"toolExecutionNotifications": [
      {"level": "error", "message": {"text": "x"}}], "executionSuccessful": true}])")),
            "reported an error"));
  CHECK(has(refusal(log_of(R"("results": [], "externalPropertyFileReferences": {"results": [{"location": {}}]})")),
            "another file"));
  CHECK(refusal(log_of(R"("results": [], "externalPropertyFileReferences": {"taxonomies": [{}]})")) == "accepted");
  CHECK(refusal(log_of(R"("results": [], "properties": {"incrementalMode": null})")) == "accepted");
}

TEST_CASE("another tool, version or category than was asked for is refused") {
  const std::string text = test::codeql_like(1);
  CHECK(refusal(text, {.tool = "CodeQL", .version = "2.20.1", .category = "/language:python"}) == "accepted");
  CHECK(has(refusal(text, {.tool = "ESLint"}), "the tool is 'CodeQL' and not 'ESLint'"));
  CHECK(has(refusal(text, {.version = "2.20.2"}), "version"));
  CHECK(has(refusal(text, {.category = "/language:go"}), "category"));
  CHECK(has(refusal(log_of(R"("results": [])"), {.category = "/language:go"}), "not said"));
}

TEST_CASE("a member that is read may be there once") {
  CHECK(has(refusal(R"({"version": "2.1.0", "version": "2.1.0", "runs": []})"), "'version' is there twice"));
  CHECK(has(refusal(R"({"runs": [], "runs": []})"), "'runs' is there twice"));
  CHECK(has(refusal(log_of(R"("results": [], "results": [])")), "'results' is there twice"));
  CHECK(has(refusal(log_of(R"("results": [)" + result_of(R"("level": "note", "level": "error")") + "]")), "twice"));
  CHECK(refusal(log_of(R"("results": [], "x": 1, "x": 2)")) == "accepted");
}

TEST_CASE("broken text is refused at its byte") {
  const std::string text = test::codeql_like(2);
  std::string bad = text;
  const std::size_t at = bad.find("user-provided");
  bad[at] = '\xFF';
  CHECK(read(bad).error().position == static_cast<std::int64_t>(at));
  CHECK(has(refusal(log_of(R"("x": )" + std::string(300, '['))), "nested too deeply"));
  CHECK(has(refusal(text + "x"), "text after the document"));
}

TEST_CASE("huge strings cost no memory, and are refused where they must be kept") {
  const std::string huge(3u << 20, 'x');
  CHECK(refusal(log_of(R"("results": [)" + result_of(R"("extra": ")" + huge + "\"") + "]")) == "accepted");
  CHECK(refusal(log_of(R"("results": [{"message": {"text": ")" + huge + R"("}}])")) == "accepted");
  CHECK(refusal(log_of(R"("results": [], ")" + huge + R"(": 1)")) == "accepted");
  CHECK(has(refusal(log_of(R"("results": [)" + result_of(R"("ruleId": ")" + huge + "\"") + "]")), "longer than"));
}

TEST_CASE("more than GitHub takes is warned of") {
  const auto warned = [](const std::string& text, const std::string& of) {
    const auto facts = read(text);
    REQUIRE(facts);
    for (const std::string& warning : facts->warnings)
      if (has(warning, of)) return true;
    return false;
  };
  const auto times = [](int n, const std::string& text) {
    std::string out;
    for (int i = 0; i < n; ++i) out += (i ? "," : "") + text;
    return out;
  };
  CHECK(warned(log_of("\"results\": [" + times(25'001, result_of("")) + "]"), "25000 results"));
  CHECK_FALSE(warned(log_of("\"results\": [" + times(25'000, result_of("")) + "]"), "results"));
  CHECK(warned(log_of("\"results\": [" + result_of("\"locations\": [" + times(1'001, "{}") + "]") + "]"),
               "1000 locations"));
  CHECK(warned(
      log_of("\"results\": [" +
             result_of(R"("codeFlows": [{"threadFlows": [{"locations": [)" + times(10'001, "{}") + "]}]}]") + "]"),
      "10000 thread flow locations"));
  const auto tool = [](const std::string& more) {
    return R"({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T"}, )" + more + R"(}, "results": []}]})";
  };
  CHECK(warned(tool(R"("extensions": [)" + times(101, R"({"name": "E"})") + "]"), "100 tool extensions"));
  CHECK(warned(tool(R"("extensions": [{"name": "E", "rules": [{"id": "r", "properties": {"tags": [)" +
                    times(21, "\"t\"") + "]}}]}]"),
               "20 tags"));
  CHECK(
      warned(tool(R"("extensions": [{"name": "E", "rules": [{"id": "r", "properties": {"security-severity": "x"}}]}])"),
             "security-severity"));
  const std::string run = R"({"tool": {"driver": {"name": "T"}}, "results": []})";
  CHECK(warned(R"({"version": "2.1.0", "runs": [)" + times(21, run) + "]}", "20 runs"));
  CHECK(warned("\xEF\xBB\xBF" + log_of(R"("results": [])"), "byte order mark"));
}

TEST_CASE("a file over the limit is refused as too large") {
  sarif::Options options;
  options.max_size = 1000;
  const auto facts = read(test::codeql_like(10), options, 100);
  REQUIRE_FALSE(facts);
  CHECK(facts.error().code == Code::kTooLarge);
}

TEST_CASE("files are placed in the repository, or it is told that they are not") {
  const auto paths = [](const std::string& location, const std::string& run = "", const std::string& root = "") {
    const auto facts =
        read(log_of("\"results\": [" +
                    result_of(R"("locations": [{"physicalLocation": {"artifactLocation": )" + location + "}}]") + "]" +
                    (run.empty() ? "" : ", " + run)),
             {.root = root});
    REQUIRE(facts);
    CHECK(facts->paths.empty() == !facts->paths_lack.empty());
    return facts->paths.empty() ? "" : facts->paths[0];
  };
  CHECK(paths(R"({"uri": "./a/%62/../c%20d.py"})") == "a/c d.py");
  CHECK(paths(R"({"uri": "../a.py"})") == "");
  CHECK(paths(R"({"uri": "a%zz.py"})") == "");
  CHECK(paths(R"({"uri": "https://example.com/a.py"})") == "");
  CHECK(paths(R"({"uri": "file:///w/r/a.py"})") == "");
  CHECK(paths(R"({"uri": "file:///w/r/a.py"})", "", "/w/r") == "a.py");
  CHECK(paths(R"({"uri": "/w/r/a.py"})", "", "/w/r/") == "a.py");
  CHECK(paths(R"({"uri": "file:///w/rr/a.py"})", "", "/w/r") == "");
  CHECK(paths(R"({"uri": "a.py", "uriBaseId": "%SRCROOT%"})") == "a.py");
  CHECK(paths(R"({"uri": "a.py", "uriBaseId": "%SRCROOT%"})",
              R"("originalUriBaseIds": {"%SRCROOT%": {"uri": "file:///w/r/"}})") == "a.py");
  CHECK(paths(R"({"uri": "file:///w/r/a.py"})", R"("originalUriBaseIds": {"%SRCROOT%": {"uri": "file:///w/r/"}})") ==
        "a.py");
  CHECK(
      paths(
          R"({"uri": "a.py", "uriBaseId": "B"})",
          R"("originalUriBaseIds": {"B": {"uri": "sub/", "uriBaseId": "%SRCROOT%"}, "%SRCROOT%": {"uri": "file:///w/"}})") ==
      "sub/a.py");
  CHECK(paths(R"({"uri": "a.py", "uriBaseId": "B"})", R"("originalUriBaseIds": {"B": {"uri": "file:///w/r/sub/"}})",
              "/w/r") == "sub/a.py");
  CHECK(paths(R"({"uri": "a.py", "uriBaseId": "B"})", R"("originalUriBaseIds": {"B": {"uri": "file:///elsewhere/"}})",
              "/w/r") == "");
  CHECK(paths(R"({"index": 0})", R"("artifacts": [{"location": {"uri": "x/y.py"}}])") == "x/y.py");
  CHECK(paths(R"({"index": 1})", R"("artifacts": [{"location": {"uri": "x/y.py"}}])") == "");
}

TEST_CASE("files are found wherever a result names them") {
  const auto facts = read(log_of("\"results\": [" + result_of(R"("analysisTarget": {"uri": "a"},
      "relatedLocations": [{"physicalLocation": {"artifactLocation": {"uri": "b"}}}],
      "stacks": [{"frames": [{"location": {"physicalLocation": {"artifactLocation": {"uri": "c"}}}}]}],
      "fixes": [{"artifactChanges": [{"artifactLocation": {"uri": "d"}}]}],
      "properties": {"artifactLocation": {"uri": "not"}})") +
                                 "]"));
  REQUIRE(facts);
  CHECK(facts->paths == std::vector<std::string>{"a", "b", "c", "d"});
}
