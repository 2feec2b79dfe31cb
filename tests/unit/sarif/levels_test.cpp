// Which level and severity a result has: SARIF 2.1.0 3.27.10 in its order, and GitHub's bands.
#include "tests/catch.h"
#include "tests/contract/sarif_oracle.h"
#include "tests/unit/sarif/sample.h"

using namespace rfs;

namespace {

std::string breakdown(const std::string& text) {
  const auto facts = test::read(text);
  if (!facts) return facts.error().message;
  CHECK(test::counts(*facts) == test::counts(test::oracle(text)));
  std::string out;
  for (std::size_t i = 0; i < sarif::kSeverities; ++i)
    if (facts->severities[i] > 0)
      out += (out.empty() ? "" : " ") + std::string(sarif::severity_word(static_cast<sarif::Severity>(i))) + ":" +
             std::to_string(facts->severities[i]);
  return out;
}

// One result, one driver with these rules, one extension with those.
std::string of(const std::string& result, const std::string& driver_rules = "", const std::string& extension_rules = "",
               const std::string& run = "") {
  return R"({"runs": [{"results": [)" + test::result_of(result) + R"(], "tool": {"driver": {"name": "T", "rules": [)" +
         driver_rules + R"(]}, "extensions": [{"name": "E", "guid": "G", "rules": [)" + extension_rules + "]}]}" +
         (run.empty() ? "" : ", " + run) + R"(}], "version": "2.1.0"})";
}

const std::string kErrorRule = R"({"id": "R", "guid": "RG", "defaultConfiguration": {"level": "error"}})";

}  // namespace

TEST_CASE("a level that nobody says is a warning") {
  CHECK(breakdown(of("")) == "warning:1");
  CHECK(breakdown(of(R"("ruleId": "unknown")", kErrorRule)) == "warning:1");
  CHECK(breakdown(of(R"("ruleId": "R")", R"({"id": "R"})")) == "warning:1");
}

TEST_CASE("a result's own level counts before its rule's") {
  for (const std::string level : {"none", "note", "warning", "error"})
    CHECK(breakdown(of(R"("ruleId": "R", "level": ")" + level + "\"", kErrorRule)) == level + ":1");
}

TEST_CASE("what is no failure has no level") {
  for (const std::string kind : {"pass", "open", "review", "informational", "notApplicable"})
    CHECK(breakdown(of(R"("ruleId": "R", "level": "error", "kind": ")" + kind + "\"", kErrorRule)) == "none:1");
  CHECK(breakdown(of(R"("ruleId": "R", "kind": "fail")", kErrorRule)) == "error:1");
}

TEST_CASE("a rule is found by index, id, guid and the beginning of a hierarchical id") {
  const std::string two = R"({"id": "A"}, )" + kErrorRule;
  CHECK(breakdown(of(R"("ruleIndex": 1)", two)) == "error:1");
  CHECK(breakdown(of(R"("ruleId": "R")", two)) == "error:1");
  CHECK(breakdown(of(R"("ruleId": "R/1/x")", two)) == "error:1");
  CHECK(breakdown(of(R"("rule": {"id": "R"})", two)) == "error:1");
  CHECK(breakdown(of(R"("rule": {"guid": "RG"})", two)) == "error:1");
  CHECK(breakdown(of(R"("ruleIndex": 7, "ruleId": "R")", two)) == "error:1");
  CHECK(breakdown(of(R"("ruleIndex": -1)", two)) == "warning:1");
}

TEST_CASE("rules of extensions are found") {
  const std::string other = R"({"id": "R", "defaultConfiguration": {"level": "note"}})";
  CHECK(breakdown(of(R"("ruleId": "R", "rule": {"index": 0, "toolComponent": {"index": 0}})", other, kErrorRule)) ==
        "error:1");
  CHECK(breakdown(of(R"("rule": {"id": "R", "toolComponent": {"name": "E"}})", other, kErrorRule)) == "error:1");
  CHECK(breakdown(of(R"("rule": {"id": "R", "toolComponent": {"guid": "G"}})", other, kErrorRule)) == "error:1");
  CHECK(breakdown(of(R"("ruleId": "R")", other, kErrorRule)) == "note:1");
  CHECK(breakdown(of(R"("ruleId": "R")", "", kErrorRule)) == "error:1");
  CHECK(breakdown(of(R"("rule": {"id": "R", "toolComponent": {"index": 9}})", kErrorRule, kErrorRule)) == "warning:1");
}

TEST_CASE("an invocation may override a rule's level") {
  const std::string run = R"("invocations": [{"executionSuccessful": true, "ruleConfigurationOverrides": [
      {"descriptor": {"id": "R"}, "configuration": {"level": "note"}}]}])";
  CHECK(breakdown(of(R"("ruleId": "R", "provenance": {"invocationIndex": 0})", kErrorRule, "", run)) == "note:1");
  CHECK(breakdown(of(R"("ruleId": "R", "provenance": {"invocationIndex": 1})", kErrorRule, "", run)) == "error:1");
  CHECK(breakdown(of(R"("ruleId": "R")", kErrorRule, "", run)) == "error:1");
  CHECK(breakdown(of(R"("ruleId": "R", "level": "warning", "provenance": {"invocationIndex": 0})", kErrorRule, "",
                     run)) == "warning:1");
}

TEST_CASE("a security-severity has GitHub's bands") {
  const auto with = [](const std::string& severity) {
    return breakdown(of(R"("ruleId": "S")", R"({"id": "S", "properties": {"security-severity": )" + severity +
                                                R"(}, "defaultConfiguration": {"level": "error"}})"));
  };
  for (const char* text : {"\"10.0\"", "\"9.0\"", "9.5", "10"}) CHECK(with(text) == "critical:1");
  for (const char* text : {"\"8.9\"", "\"7.0\"", "8.99"}) CHECK(with(text) == "high:1");
  for (const char* text : {"\"6.9\"", "\"4.0\""}) CHECK(with(text) == "medium:1");
  for (const char* text : {"\"3.9\"", "\"0.1\""}) CHECK(with(text) == "low:1");
  for (const char* text : {"\"0.0\"", "\"10.1\"", "\"-1\"", "\"high\"", "\"\"", "true", "\"7.5x\"", "\" 7.5\""})
    CHECK(with(text) == "error:1");
}

TEST_CASE("what is no failure has no security severity either") {
  CHECK(breakdown(of(R"("ruleId": "S", "kind": "pass")",
                     R"({"id": "S", "properties": {"security-severity": "9.9"}})")) == "none:1");
}

TEST_CASE("suppressed and absent results are counted and not active") {
  const auto facts = [](const std::string& more) {
    const std::string text = of(more);
    const auto read = test::read(text);
    REQUIRE(read);
    CHECK(test::counts(*read) == test::counts(test::oracle(text)));
    return *read;
  };
  CHECK(facts(R"("suppressions": [{"kind": "inSource"}])").suppressed == 1);
  CHECK(facts(R"("suppressions": [{"kind": "external", "status": "accepted"}])").active == 0);
  CHECK(facts(R"("suppressions": [])").active == 1);
  CHECK(facts(R"("suppressions": [{"kind": "external", "status": "underReview"}])").active == 1);
  CHECK(facts(R"("suppressions": [{"kind": "external", "status": "rejected"}])").suppressed == 0);
  CHECK(facts(R"("suppressions": [{"kind": "external", "status": "rejected"}, {"kind": "inSource"}])").suppressed == 1);
  CHECK(facts(R"("baselineState": "absent")").absent == 1);
  CHECK(facts(R"("baselineState": "unchanged")").active == 1);
  const auto both = facts(R"("baselineState": "absent", "suppressions": [{"kind": "inSource"}])");
  CHECK(both.alerts == 1);
  CHECK(both.active == 0);
}
