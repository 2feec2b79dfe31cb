#include "base/json.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/catch.h"

using namespace rfs;

namespace {

std::int64_t position_of(std::string_view text) {
  auto result = check_json(text);
  return result ? -1 : result.error().position;
}

}  // namespace

TEST_CASE("JSON is what RFC 8259 says it is") {
  for (const char* good : {"0", "-0", "1.5e-7", "1e400", "\"\"", " [ ] ", "{}", "[1,[2,{\"a\":null}],true,false]",
                           "\"\\u00e9\\n\"", "\"\xC3\xA9\xF0\x9F\x98\x80\"", "\"\\ud800\"", "\t\r\n {\"a\" : 1 } \n"}) {
    CAPTURE(good);
    CHECK(check_json(good));
  }
  for (const char* bad : {"",
                          " ",
                          "01",
                          "+1",
                          "1.",
                          ".5",
                          "1e",
                          "-",
                          "tru",
                          "truex",
                          "NaN",
                          "Infinity",
                          "'a'",
                          "\"a",
                          "\"\\x\"",
                          "\"\\u12g4\"",
                          "\"\t\"",
                          "[1,]",
                          "[,1]",
                          "[1 2]",
                          "[1",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{a:1}",
                          "{\"a\":1,}",
                          "{\"a\":1",
                          "[1}",
                          "{\"a\":1]",
                          "1 2",
                          "]",
                          "\xEF\xBB\xBF{}",
                          "\"\xC0\x80\"",
                          "\"\xED\xA0\x80\"",
                          "\"\xF4\x90\x80\x80\"",
                          "\"\xE2\x82\"",
                          "\"\xFF\""}) {
    CAPTURE(bad);
    auto result = check_json(bad);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Code::kInvalid);
    CHECK_FALSE(parse_json(bad));
  }
  CHECK_FALSE(check_json(std::string_view("\"a\0b\"", 5)));
}

TEST_CASE("the position is the byte where it went wrong") {
  CHECK(position_of("{\"a\": 1, \"b\": nul}") == 14);
  CHECK(position_of("[1, 2, }") == 7);
  CHECK(position_of("[1, 2") == 5);
  CHECK(position_of("{\"\xC3\xA9\": \"a\xFF\"}") == 9);
  CHECK(position_of("{} x") == 3);
  auto result = parse_json("[1, 2, }");
  REQUIRE_FALSE(result);
  CHECK(result.error().position == 7);
  CHECK(result.error().message.find("at byte 7") != std::string::npos);
}

TEST_CASE("a bomb of nested arrays is refused and does not overflow the stack") {
  for (std::string_view opening : {"[", "{\"a\":"}) {
    std::string bomb;
    for (int i = 0; i < 1'000'000; ++i) bomb += opening;
    CHECK_FALSE(check_json(bomb));
    CHECK_FALSE(parse_json(bomb));
    CHECK_FALSE(python_text(bomb));
  }
  std::string deep(512, '['), deeper(513, '[');
  deep += std::string(512, ']');
  deeper += std::string(513, ']');
  CHECK(parse_json(deep));
  CHECK_FALSE(parse_json(deeper));
  CHECK_FALSE(parse_json("[[1]]", 1));
  CHECK(parse_json("[1]", 1));
}

TEST_CASE("what a document cannot hold is refused by parse and accepted by check") {
  CHECK(check_json("[1e999]"));
  CHECK_FALSE(parse_json("[1e999]"));
  CHECK(check_json("\"\\udc00\""));
  CHECK_FALSE(parse_json("\"\\udc00\""));
}

TEST_CASE("of two members with one name the last counts") {
  auto document = parse_json(R"({"a":1,"a":2})");
  REQUIRE(document);
  CHECK((*document)["a"] == 2);
}

// Left: a document. Right: what json.dumps(json.loads(left), sort_keys=True) of Python 3.11 writes.
TEST_CASE("Python's form is Python's, byte for byte") {
  const std::pair<const char*, const char*> kVectors[] = {
      {"{}", "{}"},
      {"[ ]", "[]"},
      {R"({"b":[1,2,{"d":null,"c":true}],"a":"x"})", R"({"a": "x", "b": [1, 2, {"c": true, "d": null}]})"},
      {"1.0", "1.0"},
      {"1e16", "1e+16"},
      {"1E15", "1000000000000000.0"},
      {"9999999999999998", "9999999999999998"},
      {"9999999999999998.0", "9999999999999998.0"},
      {"123456789012345680.0", "1.2345678901234568e+17"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {"1.5e-7", "1.5e-07"},
      {"0.1", "0.1"},
      {"-0.0", "-0.0"},
      {"-0", "0"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"100.50", "100.5"},
      {"1e22", "1e+22"},
      {"18446744073709551615", "18446744073709551615"},
      {"-9223372036854775808", "-9223372036854775808"},
      {R"("\u00e9\u20ac\ud83d\ude00")", R"("\u00e9\u20ac\ud83d\ude00")"},
      {"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", R"("\u00e9\u20ac\ud83d\ude00")"},
      {R"("\"\\\/\b\f\n\r\t\u0001\u007f")", R"("\"\\/\b\f\n\r\t\u0001\u007f")"},
      {R"({"\uffff":1,"\ud83d\ude00":2,"z":3,"é":4,"Z":5})",
       R"({"Z": 5, "z": 3, "\u00e9": 4, "\uffff": 1, "\ud83d\ude00": 2})"},
      {R"({"12":{"status":"completed","conclusion":null,"updatedAt":"2025-01-01T00:00:00Z"},"7":{"busy":false}})",
       R"({"12": {"conclusion": null, "status": "completed", "updatedAt": "2025-01-01T00:00:00Z"}, "7": {"busy": false}})"},
  };
  for (auto [text, expected] : kVectors) {
    CAPTURE(text);
    auto document = parse_json(text);
    REQUIRE(document);
    CHECK(dump_python(*document) == expected);
    CHECK(python_text(text) == expected);
  }
}

TEST_CASE("from the text itself, Python's form is exact where a document is not") {
  CHECK(python_text("[12345678901234567890123, -1e-400, 1e400, -1e400]") ==
        "[12345678901234567890123, -0.0, Infinity, -Infinity]");
  CHECK(python_text(R"({"a":1,"b":2,"a":3})") == R"({"a": 3, "b": 2})");
  CHECK(python_text(R"("\ud800x\udc00")") == R"("\ud800x\udc00")");
  CHECK(python_text(R"("\ud83d\ud83d\ude00")") == R"("\ud83d\ud83d\ude00")");
  CHECK_FALSE(python_text("[1,]"));
}

TEST_CASE("a line has no spaces and replaces what is not UTF-8") {
  CHECK(dump_line(nlohmann::json{{"b", 1}, {"a", "\xC3\xA9"}}) == "{\"a\":\"\xC3\xA9\",\"b\":1}");
  CHECK(dump_line(nlohmann::json("a\xFF")) == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("quoting gives JSON whatever the bytes are") {
  CHECK(json_quote("a\"\\\n\x01\x7f\xC3\xA9") == "\"a\\\"\\\\\\n\\u0001\x7f\xC3\xA9\"");
  CHECK(json_quote("\xC3") == "\"\xEF\xBF\xBD\"");
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  CHECK(check_json(json_quote(every)));
}

TEST_CASE("a JsonLine keeps the order of its calls") {
  JsonLine line;
  line.text("b", "x\"y").number("a", std::int64_t{-1}).number("u", std::numeric_limits<std::uint64_t>::max());
  line.real("r", 0.5).real("n", std::numeric_limits<double>::quiet_NaN()).boolean("t", true).raw("o", "{\"z\":[]}");
  CHECK(line.str() == R"({"b":"x\"y","a":-1,"u":18446744073709551615,"r":0.5,"n":null,"t":true,"o":{"z":[]}})");
  CHECK(JsonLine().str() == "{}");
}
