#include "tests/unit/sarif/sample.h"

#include <algorithm>

namespace rfs::test {

std::string result_of(const std::string& more) {
  return R"({"message": {"text": "m"})" + (more.empty() ? "" : ", " + more) + "}";
}

std::string log_of(const std::string& more_of_run) {
  return R"({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T"}})" +
         (more_of_run.empty() ? "" : ", " + more_of_run) + "}]}";
}

std::string codeql_like(int results, const std::string& category) {
  std::string out = R"({"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":)"
                    R"({"driver":{"name":"CodeQL","organization":"GitHub","semanticVersion":"2.20.1","rules":[]},)"
                    R"("extensions":[{"name":"codeql/python-queries","semanticVersion":"1.4.1","rules":[)";
  const char* const levels[] = {"error", "warning", "note"};
  const char* const severities[] = {"9.8", "7.5", "5.0", "2.1", "0.0"};
  for (int i = 0; i < 7; ++i) {
    out += (i ? "," : "") + std::string(R"({"id":"py/rule-)") + std::to_string(i) +
           R"(","shortDescription":{"text":"é \u00e9"},"defaultConfiguration":{"enabled":true,"level":")" +
           levels[i % 3] + R"("},"properties":{"tags":["security","external/cwe/cwe-089"])";
    if (i < 5) out += std::string(R"(,"security-severity":")") + severities[i] + "\"";
    out += "}}";
  }
  out +=
      R"(]}]},"invocations":[{"toolExecutionNotifications":[{"level":"none","message":{"text":""},)"
      R"("locations":[{"physicalLocation":{"artifactLocation":{"uri":"no/result.py"}}}]}],)"
      R"("executionSuccessful":true}],"artifacts":[{"location":{"uri":"src/a.py","uriBaseId":"%SRCROOT%","index":0}}],)"
      R"("results":[)";
  for (int i = 0; i < results; ++i) {
    const std::string rule = std::to_string(i % 7), file = "src/file%20" + std::to_string(i % 5) + ".py";
    const std::string place = R"({"physicalLocation":{"artifactLocation":{"uri":")" + file +
                              R"(","uriBaseId":"%SRCROOT%","index":0},"region":{"startLine":1}}})";
    out +=
        (i ? "," : "") + std::string(R"({"ruleId":"py/rule-)") + rule + R"(","ruleIndex":)" + rule +
        R"(,"rule":{"id":"py/rule-)" + rule + R"(","index":)" + rule +
        R"(,"toolComponent":{"index":0}},"message":{"text":"depends on a [user-provided value](1)."},"locations":[)" +
        place + R"(],"partialFingerprints":{"primaryLocationLineHash":"39fa2ee980eb94b0:1"},"codeFlows":[{)" +
        R"("threadFlows":[{"locations":[{"location":)" + place + R"(},{"location":)" +
        R"({"physicalLocation":{"artifactLocation":{"uri":"src/flow.py","uriBaseId":"%SRCROOT%"}}}}]}]}]})";
  }
  out += R"(],"automationDetails":{"id":")" + category +
         R"("},"columnKind":"utf16CodeUnits","properties":{"semmle.formatSpecifier":"sarif-latest",)"
         R"("jobRunUuid":"7b0a4c5d-0000-4000-8000-000000000000"}}]})";
  return out;
}

std::string clang_like() {
  return R"({
  "$schema": "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
  "runs": [
    {
      "artifacts": [
        {"length": 300, "location": {"index": 0, "uri": "file:///home/ci/src/bad.c"}, "mimeType": "text/plain"}
      ],
      "columnKind": "unicodeCodePoints",
      "results": [
        {"codeFlows": [{"threadFlows": [{"locations": [{"importance": "essential", "location": {"message": {"text": "x"},
          "physicalLocation": {"artifactLocation": {"index": 0, "uri": "file:///home/ci/src/bad.c"}}}}]}]}],
         "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}],
         "message": {"text": "Division by zero"}, "ruleId": "core.DivideZero", "ruleIndex": 0},
        {"locations": [{"physicalLocation": {"artifactLocation": {"index": 0, "uri": "file:///home/ci/src/bad.c"}}}],
         "message": {"text": "leak"}, "ruleId": "unix.Malloc", "ruleIndex": 1}
      ],
      "tool": {"driver": {"fullName": "clang static analyzer", "name": "clang", "version": "14.0.6",
        "rules": [{"id": "core.DivideZero"}, {"id": "unix.Malloc"}]}}
    }
  ],
  "version": "2.1.0"
})";
}

std::string eslint_like() {
  return R"({"version": "2.1.0", "$schema": "http://json.schemastore.org/sarif-2.1.0-rtm.5", "runs": [{
  "tool": {"driver": {"name": "ESLint", "version": "8.57.1", "rules": [{"id": "no-eval"}, {"id": "eqeqeq"}]}},
  "artifacts": [{"location": {"uri": "file:///home/ci/app/bad.js"}}],
  "results": [
    {"level": "error", "message": {"text": "eval"}, "ruleId": "no-eval", "ruleIndex": 0, "suppressions": [],
     "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///home/ci/app/bad.js", "index": 0}}}]},
    {"level": "warning", "message": {"text": "=="}, "ruleId": "eqeqeq", "ruleIndex": 1,
     "suppressions": [{"kind": "inSource", "justification": ""}],
     "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///home/ci/app/bad.js", "index": 0}}}]}
  ]}]})";
}

Result<sarif::Facts> read(std::string_view text, sarif::Options options, std::size_t piece) {
  sarif::Reader reader(std::move(options));
  if (piece == 0) piece = std::max<std::size_t>(1, text.size());
  for (std::size_t at = 0; at < text.size(); at += piece) TRY(reader.push(text.substr(at, piece)));
  return reader.finish();
}

}  // namespace rfs::test
