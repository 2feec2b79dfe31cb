#include "base/json_tokens.h"

#include <string>
#include <vector>

#include "base/json.h"
#include "tests/catch.h"
#include "tests/contract/json_events.h"

using namespace rfs;

namespace {

const char* const kDocuments[] = {
    "0",
    " -12.5e+3 ",
    "-0",
    "123456789012345678901234567890",
    "true",
    "null",
    "\"\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
    "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 plain text that is longer than eight bytes\"",
    "[]",
    "{}",
    "[1,[2,{\"a\":null}],true,false]",
    "{\"version\":\"2.1.0\",\"runs\":[{\"results\":[],\"x\":-1e5}]}",
    "\t\r\n {\"a\"  : [ 1 ,\n                        2 ] }\n",
};

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

// Tells nothing of the members that it is asked not to.
class Muting final : public JsonSink {
 public:
  std::string told;
  Error reason() const override { return {Code::kInvalid, "an unlucky number", {}}; }
  bool begin_object() override { return add("{"); }
  bool end_object() override { return add("}"); }
  bool begin_array() override { return add("["); }
  bool end_array() override { return add("]"); }
  Interest name(std::string_view text, bool) override {
    told += std::string(text) + ":";
    return text.starts_with("no") ? Interest::kNothing : Interest::kValue;
  }
  bool string(std::string_view text, bool whole) override { return add(std::string(text) + (whole ? "" : "…")); }
  bool number(std::string_view text, bool) override {
    if (text == "13") return false;
    return add(std::string(text));
  }
  bool boolean(bool value) override { return add(value ? "true" : "false"); }
  bool null() override { return add("null"); }

 private:
  bool add(const std::string& event) {
    told += event + " ";
    return true;
  }
};

}  // namespace

TEST_CASE("a document in pieces tells what it tells whole, and what nlohmann tells") {
  for (const std::string text : kDocuments) {
    CAPTURE(text);
    bool too_large = false;
    const auto other = test::nlohmann_events(text, too_large);
    REQUIRE(other);
    CHECK(test::token_events(text, {}) == *other);
    for (std::size_t one = 0; one <= text.size(); ++one)
      for (std::size_t two = one; two <= text.size(); ++two) CHECK(test::token_events(text, {one, two}) == *other);
    std::vector<std::size_t> all;
    for (std::size_t i = 1; i < text.size(); ++i) all.push_back(i);
    CHECK(test::token_events(text, all) == *other);
  }
}

TEST_CASE("what is no JSON is refused wherever the pieces end") {
  for (const std::string text : {"",
                                 " ",
                                 "01",
                                 "+1",
                                 "1.",
                                 "1e",
                                 "-",
                                 "tru",
                                 "truex",
                                 "NaN",
                                 "'a'",
                                 "\"a",
                                 "\"\\x\"",
                                 "\"\\u12g4\"",
                                 "\"a\nb\"",
                                 "\"\xC3\"",
                                 "\"\xC0\x80\"",
                                 "\"\xED\xA0\x80\"",
                                 "\"\xF4\x90\x80\x80\"",
                                 "\"\xFF\"",
                                 "[1,]",
                                 "[1 2]",
                                 "{\"a\"}",
                                 "{a:1}",
                                 "{\"a\":1,}",
                                 "[}",
                                 "1 2",
                                 "[]]",
                                 "{\"a\":1 \"b\":2}",
                                 "\xEF\xBB",
                                 "\"\xE0\x9F\x80\""}) {
    CAPTURE(text);
    const auto whole = test::token_events(text, {});
    REQUIRE_FALSE(whole);
    CHECK_FALSE(check_json(text));
    CHECK(whole.error().code == Code::kInvalid);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      const auto pieces = test::token_events(text, {cut});
      REQUIRE_FALSE(pieces);
      CHECK(pieces.error().position == whole.error().position);
      CHECK(pieces.error().message == whole.error().message);
    }
  }
}

TEST_CASE("an error says at which byte it is") {
  CHECK(test::token_events("{\"a\": tru}", {3}).error().position == 9);
  CHECK(test::token_events("[1, 2", {1}).error().position == 5);
  CHECK(test::token_events("[1] x", {1, 3}).error().position == 4);
}

TEST_CASE("depth is bounded") {
  CHECK(test::token_events(nested(200), {}));
  const auto deep = test::token_events(nested(201), {});
  REQUIRE_FALSE(deep);
  CHECK(deep.error().message == "not valid JSON: nested too deeply at byte 200");
  CHECK_FALSE(test::token_events(std::string(1 << 20, '['), {}, 100'000));
}

TEST_CASE("a surrogate without its partner is a replacement character") {
  const auto events = [](const char* text) { return test::token_events(text, {8}).value_or("refused"); };
  CHECK(events("\"\\ud800abc\"") ==
        "s6:\xEF\xBF\xBD"
        "abc\n");
  CHECK(events("\"\\ud800a\\udc00\"") ==
        "s7:\xEF\xBF\xBD"
        "a\xEF\xBF\xBD\n");
  CHECK(events("\"\\ud800\\n\\udc00\"") == "s7:\xEF\xBF\xBD\n\xEF\xBF\xBD\n");
  CHECK(events("\"\\ud800\\ud83d\\ude00\"") == "s7:\xEF\xBF\xBD\xF0\x9F\x98\x80\n");
}

TEST_CASE("of a long text only the beginning is kept") {
  Muting sink;
  JsonTokens tokens(sink);
  REQUIRE(tokens.push("[\""));
  for (int i = 0; i < 1000; ++i) REQUIRE(tokens.push(std::string(1000, 'x')));
  REQUIRE(tokens.push("\"]"));
  REQUIRE(tokens.finish());
  CHECK(sink.told == "[ " + std::string(JsonTokens::kTextMost, 'x') + "… ] ");
}

TEST_CASE("members of no interest are checked and not told") {
  const std::string text = R"({"no1":{"a":[1,{"b":"c"}]},"a":{"no":"x","b":1},"no2":[],"no3":true,"c":[{"no":13}]})";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Muting sink;
    JsonTokens tokens(sink);
    REQUIRE(tokens.push(text.substr(0, cut)));
    REQUIRE(tokens.push(text.substr(cut)));
    REQUIRE(tokens.finish());
    CHECK(sink.told == "{ no1:a:{ no:b:1 } no2:no3:c:[ { no:} ] } ");
  }
  Muting sink;
  JsonTokens tokens(sink);
  CHECK_FALSE(tokens.push(R"({"no1":{"a":[1,}]}})"));
}

TEST_CASE("what the sink refuses ends the reading") {
  Muting sink;
  JsonTokens tokens(sink);
  const auto refused = tokens.push("[12, 13, 14]");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "an unlucky number");
  CHECK(sink.told == "[ 12 ");
}

TEST_CASE("a byte order mark is passed over and told of") {
  Muting sink;
  JsonTokens tokens(sink);
  REQUIRE(tokens.push("\xEF"));
  REQUIRE(tokens.push("\xBB\xBF"));
  REQUIRE(tokens.push("[]"));
  REQUIRE(tokens.finish());
  CHECK(tokens.byte_order_mark());
  CHECK_FALSE(test::token_events("\xEF\xBBx", {}));
}
