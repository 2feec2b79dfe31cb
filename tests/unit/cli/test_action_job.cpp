#include "cli/action_job.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

constexpr const char* kWorkflow = R"(
on: push
jobs:
  other:
    steps:
      - uses: github/codeql-action/init@v4
        with: {languages: ruby}
  analyze:
    strategy:
      matrix:
        language: [python, go]
    steps:
      - uses: actions/checkout@v5
      - name: Initialize
        uses: github/codeql-action/init@0123456789012345678901234567890123456789 # v4
        with:
          languages: ${{ matrix.language }}
          queries: security-extended
          build-mode: ${{ matrix['build-mode'] }}
          config: ${{ vars.CODEQL_CONFIG }}
      - uses: github/codeql-action/analyze@v4
        with:
          category: "/language:${{matrix.language}}"
)";

}  // namespace

TEST_CASE("a job's scan is what its init and analyze steps say") {
  const auto steps = scan_steps(kWorkflow, "analyze", R"({"language": "python", "build-mode": "none"})");
  REQUIRE(steps);
  CHECK(steps->init);
  CHECK(steps->analyze);
  CHECK(steps->init_with.at("languages") == "python");
  CHECK(steps->init_with.at("queries") == "security-extended");
  CHECK(steps->init_with.at("build-mode") == "none");
  CHECK(steps->analyze_with.at("category") == "/language:python");
  CHECK(steps->unresolved.size() == 1);
  CHECK(steps->unresolved.at("init config") == "${{ vars.CODEQL_CONFIG }}");
  CHECK(scan_steps(kWorkflow, "other", "null")->init_with.at("languages") == "ruby");
}

TEST_CASE("what cannot be read is said, and never guessed") {
  CHECK(!scan_steps(kWorkflow, "nobody", "null"));
  CHECK(!scan_steps("jobs: [", "analyze", "null"));
  CHECK(!scan_steps("", "analyze", "null"));
  CHECK(!scan_steps("jobs: {a: 5}", "a", "null"));
  CHECK(!scan_steps("jobs:\n a:\n  steps:\n  - uses: github/codeql-action/init@v4\n  - uses: github/codeql-action/init@v4\n", "a", ""));
  const auto none = scan_steps("jobs: {a: {steps: [{run: x}]}}", "a", "");
  REQUIRE(none);
  CHECK(!none->init);
}

TEST_CASE("expressions of the matrix are filled in, and no others") {
  const char* matrix = R"({"a": "x", "n": 3, "b": true, "list": [1]})";
  CHECK(filled_in("plain", matrix) == "plain");
  CHECK(filled_in("${{ matrix.a }}-${{matrix['n']}}-${{ matrix.b }}", matrix) == "x-3-true");
  CHECK(filled_in("${{ matrix.none }}", matrix) == "");
  for (const char* text : {"${{ matrix.list }}", "${{ github.ref }}", "${{ matrix.a || 'y' }}", "${{ matrix.a", "${{ matrix }}", "${{ matrix.a.b }}"})
    CHECK(!filled_in(text, matrix));
  CHECK(!filled_in("${{ matrix.a }}", "null"));
}

TEST_CASE("an analysis without a category gets codeql-action's") {
  CHECK(usual_category(".github/workflows/scan.yml", "analyze", R"({"os": "linux", "language": "python", "n": 1})") ==
        ".github/workflows/scan.yml:analyze/language:python/n:/os:linux");
  CHECK(usual_category(".github/workflows/scan.yml", "scan", "null") == ".github/workflows/scan.yml:scan");
}
