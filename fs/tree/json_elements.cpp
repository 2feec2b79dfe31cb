#include "fs/tree/json_elements.h"

#include <optional>

#include "base/json.h"

namespace rfs {
namespace {

// Walks a document that check_json() has found to be JSON, so that every loop here ends at a bracket or quote.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) { space(); }

  char peek() const { return text_[at_]; }
  // Past one structural character, and the space after it.
  void skip() {
    ++at_;
    space();
  }
  // The value here; afterwards at what follows it.
  std::string_view value() {
    const std::size_t begin = at_;
    std::size_t end;
    if (peek() == '{' || peek() == '[') {
      int depth = 0;
      do {
        char c = text_[at_];
        if (c == '"') {
          string();
          continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at_;
      } while (depth > 0);
      end = at_;
    } else if (peek() == '"') {
      string();
      end = at_;
    } else {
      end = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
      at_ = end;
    }
    space();
    return text_.substr(begin, end - begin);
  }

 private:
  void space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  void string() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }
  const std::string_view text_;
  std::size_t at_ = 0;
};

std::vector<std::string_view> elements(std::string_view array) {
  std::vector<std::string_view> out;
  Scanner scan(array);
  scan.skip();
  while (scan.peek() != ']') {
    out.push_back(scan.value());
    if (scan.peek() == ',') scan.skip();
  }
  return out;
}

// The array that an object wraps.
Result<std::string_view> wrapped(std::string_view object, std::string_view list_field) {
  std::optional<std::string_view> only;
  int arrays = 0;
  Scanner scan(object);
  scan.skip();
  while (scan.peek() != '}') {
    auto name = scan.value();
    scan.skip();  // ':'
    auto value = scan.value();
    if (scan.peek() == ',') scan.skip();
    if (value.front() != '[') continue;
    if (!list_field.empty() && name.substr(1, name.size() - 2) == list_field) return value;
    ++arrays;
    only = value;
  }
  if (arrays == 1) return *only;
  return fail(Code::kInvalid, "the answer is not a list, so it has no lines", "read it as .json");
}

}  // namespace

Result<std::vector<std::string_view>> json_elements(std::string_view document, std::string_view list_field) {
  if (document.empty()) return std::vector<std::string_view>{};
  if (auto checked = check_json(document); !checked)
    return fail(Code::kBroken, "the answer is not JSON: " + checked.error().message, "", checked.error().position);
  Scanner scan(document);
  if (scan.peek() == '[') return elements(scan.value());
  if (scan.peek() == '{') {
    TRY_ASSIGN(auto array, wrapped(scan.value(), list_field));
    return elements(array);
  }
  return fail(Code::kInvalid, "the answer is not a list, so it has no lines", "read it as .json");
}

void append_json_line(std::string& out, std::string_view value) {
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < value.size()) out += value[++i];
      if (c == '"') quoted = false;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    quoted = c == '"';
    out += c;
  }
  out += '\n';
}

}  // namespace rfs
