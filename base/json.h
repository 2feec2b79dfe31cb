// JSON behind a door: nlohmann's full header costs six seconds a file, so only json.cpp and the few files that walk
// a document include it. <nlohmann/json_fwd.hpp> is fine in headers.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

// RFC 8259, strictly (UTF-8, no byte order mark, no NaN). kInvalid with the byte position. At most `max_depth` levels
// (a nested bomb must not overflow the stack). Of two members with one name the last counts, as in Python.
// Refuses what a document of doubles and UTF-8 cannot hold, too: 1e999, and \u surrogates without a partner. Integers
// beyond 64 bits become doubles.
Result<nlohmann::json> parse_json(std::string_view text, int max_depth = 512);
// Is it JSON (RFC 8259)? Without building a document, and without an opinion on what a double can hold.
Result<> check_json(std::string_view text, int max_depth = 512);
// Python's json.dumps(value, sort_keys=True): separators ", " and ": ", ASCII with \uXXXX escapes.
std::string dump_python(const nlohmann::json& value);
// The same from the text itself: json.dumps(json.loads(text), sort_keys=True), exact for integers of any size and for
// lone surrogates. kInvalid as check_json.
Result<std::string> python_text(std::string_view text);
// One line, UTF-8, no spaces; invalid UTF-8 is replaced.
std::string dump_line(const nlohmann::json& value);
// "text" with quotes and escapes.
std::string json_quote(std::string_view text);

// Builds one flat JSON object as text, in the order of the calls, without nlohmann: for log lines, stats, xattr
// answers and socket headers.
class JsonLine {
 public:
  JsonLine& text(std::string_view name, std::string_view value);
  JsonLine& number(std::string_view name, std::int64_t value);
  JsonLine& number(std::string_view name, std::uint64_t value);
  JsonLine& real(std::string_view name, double value);
  JsonLine& boolean(std::string_view name, bool value);
  JsonLine& raw(std::string_view name, std::string_view json);
  std::string str() const { return "{" + body_ + "}"; }

 private:
  void name(std::string_view name);
  std::string body_;
};

}  // namespace rfs
