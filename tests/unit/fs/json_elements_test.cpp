#include "fs/tree/json_elements.h"

#include <nlohmann/json.hpp>

#include "tests/catch.h"

using namespace rfs;

namespace {

std::string lines_of(std::string_view document, std::string_view field = "") {
  auto elements = json_elements(document, field);
  if (!elements) return std::string(to_word(elements.error().code));
  std::string out;
  for (auto element : *elements) append_json_line(out, element);
  return out;
}

struct Random {
  std::uint64_t state;
  std::uint64_t next(std::uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  }
};

nlohmann::json random_value(Random& random, int depth) {
  switch (random.next(depth > 0 ? 8 : 6)) {
    case 0: return nullptr;
    case 1: return random.next(2) == 0;
    case 2: return static_cast<std::int64_t>(random.next(1'000'000)) - 500'000;
    case 3: return static_cast<double>(random.next(1'000)) / 7;
    case 4: return "";
    case 5: {
      static const char* const kPieces[] = {"a", "\"", "\\", "\n", "{", "}", "[", "]", ",", ":", " ", "\xc3\xa4", "\x01"};
      std::string text;
      for (auto n = random.next(6); n > 0; --n) text += kPieces[random.next(std::size(kPieces))];
      return text;
    }
    case 6: {
      auto array = nlohmann::json::array();
      for (auto n = random.next(4); n > 0; --n) array.push_back(random_value(random, depth - 1));
      return array;
    }
    default: {
      auto object = nlohmann::json::object();
      for (auto n = random.next(4); n > 0; --n) object["k" + std::to_string(n) + "\"]"] = random_value(random, depth - 1);
      return object;
    }
  }
}

}  // namespace

TEST_CASE("each element of a list is one line in the bytes that were sent") {
  CHECK(lines_of("[1,2.50,-3e+2]") == "1\n2.50\n-3e+2\n");
  CHECK(lines_of("[12345678901234567890123]") == "12345678901234567890123\n");
  CHECK(lines_of("[]").empty());
  CHECK(lines_of(" [ ] ").empty());
  CHECK(lines_of("").empty());
  CHECK(lines_of(R"([{"a": 1, "b": "x  y\" , ]"}, [ 1 , 2 ], null, true, "s"])") ==
        "{\"a\":1,\"b\":\"x  y\\\" , ]\"}\n[1,2]\nnull\ntrue\n\"s\"\n");
  CHECK(lines_of("[\r\n {\"a\":\t[ 1,\n2 ] }\n]\n") == "{\"a\":[1,2]}\n");
  CHECK(lines_of(R"(["\\",1])") == "\"\\\\\"\n1\n");
}

TEST_CASE("a wrapping object gives the list that it wraps") {
  CHECK(lines_of(R"({"total_count": 2, "labels": [], "workflow_runs": [{"id": 1}, {"id": 2}]})", "workflow_runs") ==
        "{\"id\":1}\n{\"id\":2}\n");
  CHECK(lines_of(R"({"total_count": 1, "things": [7]})", "renamed") == "7\n");
  CHECK(lines_of(R"({"total_count": 1, "things": [7]})") == "7\n");
  CHECK(lines_of(R"({"a": {"b": [1]}, "c": [2]})") == "2\n");
}

TEST_CASE("what is no list has no lines") {
  for (auto document : {R"({"id": 1})", R"({"a": [], "b": []})", "17", "\"text\"", "null", "{}"})
    CHECK(lines_of(document) == "invalid");
}

TEST_CASE("what is no JSON is broken, with its position") {
  for (auto document : {"[1,", "[1}", "{\"a\":}", "nonsense", "[\"", " "}) CHECK(lines_of(document) == "broken");
  CHECK(json_elements("[1, x]", "").error().position == 4);
}

TEST_CASE("lines mean what a JSON parser reads, however the document is spaced") {
  Random random{7};
  for (int i = 0; i < 2'000; ++i) {
    auto list = nlohmann::json::array();
    for (auto n = random.next(5); n > 0; --n) list.push_back(random_value(random, 3));
    nlohmann::json document = list;
    if (random.next(2) == 0) document = {{"total_count", list.size()}, {"items", list}, {"note", "a [ in a text"}};
    const auto text = document.dump(static_cast<int>(random.next(4)) - 1);
    INFO(text);
    std::string lines = lines_of(text, "items");
    auto read = nlohmann::json::array();
    while (!lines.empty()) {
      auto end = lines.find('\n');
      REQUIRE(end != std::string::npos);
      read.push_back(nlohmann::json::parse(lines.substr(0, end)));
      lines.erase(0, end + 1);
    }
    REQUIRE(read == list);
  }
}
