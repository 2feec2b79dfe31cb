#include "base/json_members.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace rfs {
namespace {

bool blank_in_json(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Walks over text that is known to be JSON.
class MemberWalk {
 public:
  explicit MemberWalk(std::string_view text) : text_(text) {}
  void blanks() {
    while (at_ < text_.size() && blank_in_json(text_[at_])) ++at_;
  }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() { ++at_; }
  std::string_view value() {
    const std::size_t from = at_;
    int depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"') {
        string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        --depth;
        ++at_;
      } else if (depth > 0) {
        ++at_;
      } else {
        while (at_ < text_.size() && !blank_in_json(text_[at_]) && text_[at_] != ',' && text_[at_] != '}') ++at_;
      }
    } while (depth > 0);
    return text_.substr(from, at_ - from);
  }

 private:
  void string() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }
  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::string> json_string(std::string_view value) {
  if (!value.starts_with('"')) return fail(Code::kInvalid, "no JSON string");
  TRY_ASSIGN(const nlohmann::json json, parse_json(value));
  return json.get<std::string>();
}

Result<std::map<std::string, std::string_view>> json_members(std::string_view text) {
  TRY(check_json(text));
  MemberWalk walk(text);
  walk.blanks();
  if (walk.next() != '{') return fail(Code::kInvalid, "no JSON object");
  walk.skip();
  std::map<std::string, std::string_view> out;
  for (walk.blanks(); walk.next() != '}'; walk.blanks()) {
    if (walk.next() == ',') {
      walk.skip();
      walk.blanks();
    }
    const auto name = json_string(walk.value());
    walk.blanks();
    walk.skip();  // ':'
    walk.blanks();
    const std::string_view value = walk.value();
    if (name) out[*name] = value;
  }
  return out;
}

}  // namespace rfs
