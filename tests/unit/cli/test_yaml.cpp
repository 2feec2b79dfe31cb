#include "cli/config_yaml.h"

#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

namespace {

std::string refusal(const std::string& text) {
  const auto parsed = parse_yaml(text, "f.yml");
  return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("mappings, scalars and lists become one entry a key, with its line") {
  const auto entries = parse_yaml("# c\na:\n  b: 1\n  list: [x, \"y z\"]\n  more:\n    - q\nend: ~\n", "f.yml");
  REQUIRE(entries);
  REQUIRE(entries->size() == 4);
  CHECK((*entries)[0].key() == "a.b");
  CHECK((*entries)[0].line == 3);
  CHECK((*entries)[0].values == std::vector<std::string>{"1"});
  CHECK((*entries)[1].list);
  CHECK((*entries)[1].values == std::vector<std::string>{"x", "y z"});
  CHECK((*entries)[2].key() == "a.more");
  CHECK((*entries)[3].values.empty());
  CHECK((*entries)[3].line == 7);
}

TEST_CASE("a key may hold dots and slashes, as route patterns do") {
  const auto entries = parse_yaml("operation_ttls:\n  /repos/{owner}/{repo}/a.b: 5\n", "f.yml");
  REQUIRE(entries);
  CHECK((*entries)[0].path == std::vector<std::string>{"operation_ttls", "/repos/{owner}/{repo}/a.b"});
}

TEST_CASE("empty files and files of comments are fine") {
  for (const char* text : {"", "\n", "# nothing\n", "---\n"}) {
    const auto entries = parse_yaml(text, "f.yml");
    REQUIRE(entries);
    CHECK(entries->empty());
  }
}

TEST_CASE("what is no configuration is refused with file and line") {
  CHECK(mentions(refusal("a: 1\nb: [\n"), "f.yml:"));
  CHECK(mentions(refusal("a: 1\n- b\n"), "f.yml:2"));
  CHECK(mentions(refusal("a: 1\na: 2\n"), "f.yml:2: 'a' is given twice"));
  CHECK(mentions(refusal("- a\n"), "found a list"));
  CHECK(mentions(refusal("words\n"), "found text"));
  CHECK(mentions(refusal("a:\n - b: 1\n"), "list of mappings"));
  CHECK(mentions(refusal("a: 1\n---\nb: 2\n"), "second document"));
  CHECK(mentions(refusal("? [a]\n: 1\n"), "key must be text"));
  CHECK(mentions(refusal(std::string("a: \0b", 5)), "zero byte"));
}

TEST_CASE("bombs are refused before they grow") {
  CHECK(mentions(refusal("a: &x [1]\nb: *x\n"), "anchors"));
  CHECK(mentions(refusal("b: *x\n"), "f.yml:1"));
  CHECK(mentions(refusal(std::string(2u << 20, ' ')), "larger"));
  std::string deep;
  for (int level = 0; level < 40; ++level) deep += std::string(static_cast<std::size_t>(level), ' ') + "k:\n";
  CHECK(mentions(refusal(deep + std::string(40, ' ') + "k: 1\n"), "too deeply"));
  std::string many = "a:\n";
  for (int i = 0; i < 20000; ++i) many += " - 1\n";
  CHECK(mentions(refusal(many), "too many"));
  CHECK_FALSE(refusal("a: " + std::string(5000, '[')).empty());
}
