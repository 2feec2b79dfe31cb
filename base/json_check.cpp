// A strict reader of RFC 8259 that builds nothing: one pass, a stack of one bit a level, UTF-8 checked. Written by hand
// because every body of api/ passes here, and because a parser's opinion on depth, huge numbers and lone surrogates
// must not decide whether GitHub's answer is an answer.
#include <string>
#include <vector>

#include "base/json.h"
#include "base/json_text.h"

namespace rfs {
namespace {

class Checker {
 public:
  Checker(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

  Result<> run() {
    const char* wrong = document();
    if (!wrong) return {};
    std::string where = " at byte " + std::to_string(at_);
    return fail(Code::kInvalid, "not valid JSON: " + (wrong + where), {}, static_cast<std::int64_t>(at_));
  }

 private:
  // Each answers null, or what is wrong at at_.
  const char* document() {
    space();
    for (;;) {
      // A value begins here.
      if (end()) return "the document ends early";
      char c = text_[at_];
      if (c == '{' || c == '[') {
        if (static_cast<int>(open_.size()) >= max_depth_) return "nested too deeply";
        open_.push_back(c == '{');
        ++at_;
        space();
        if (!end() && text_[at_] == (open_.back() ? '}' : ']')) {
          ++at_;
          open_.pop_back();
        } else {
          if (open_.back())
            if (auto wrong = member_name()) return wrong;
          continue;
        }
      } else if (auto wrong = scalar(c)) {
        return wrong;
      }
      // A value has ended: close what ends with it, until another begins.
      for (;;) {
        space();
        if (open_.empty()) return end() ? nullptr : "text after the document";
        if (end()) return "the document ends early";
        if (text_[at_] == ',') {
          ++at_;
          space();
          if (open_.back())
            if (auto wrong = member_name()) return wrong;
          break;
        }
        if (text_[at_] != (open_.back() ? '}' : ']')) return open_.back() ? "expected , or }" : "expected , or ]";
        ++at_;
        open_.pop_back();
      }
    }
  }

  const char* member_name() {
    if (end()) return "the document ends early";
    if (text_[at_] != '"') return "expected the name of a member";
    if (auto wrong = string()) return wrong;
    space();
    if (end()) return "the document ends early";
    if (text_[at_] != ':') return "expected :";
    ++at_;
    space();
    return nullptr;
  }

  const char* scalar(char c) {
    if (c == '"') return string();
    if (c == '-' || digit()) return number();
    for (std::string_view word : {"true", "false", "null"}) {
      if (c != word[0]) continue;
      if (text_.substr(at_, word.size()) != word) return "expected a value";
      at_ += word.size();
      return nullptr;
    }
    return "expected a value";
  }

  const char* number() {
    if (text_[at_] == '-') ++at_;
    if (!digit()) return "expected a digit";
    if (text_[at_] == '0') {
      ++at_;
    } else {
      while (digit()) ++at_;
    }
    if (!end() && text_[at_] == '.') {
      ++at_;
      if (!digit()) return "expected a digit";
      while (digit()) ++at_;
    }
    if (!end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (!end() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digit()) return "expected a digit";
      while (digit()) ++at_;
    }
    return nullptr;
  }

  const char* string() {
    ++at_;
    for (;;) {
      if (end()) return "a string does not end";
      auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return nullptr;
      }
      if (c < 0x20) return "a control character in a string";
      if (c == '\\') {
        if (auto wrong = escape()) return wrong;
      } else if (c < 0x80) {
        ++at_;
      } else if (std::size_t length = utf8_length(text_.substr(at_))) {
        at_ += length;
      } else {
        return "a string that is not UTF-8";
      }
    }
  }

  const char* escape() {
    char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) {
      at_ += 2;
      return nullptr;
    }
    if (c != 'u') return "an unknown escape in a string";
    for (std::size_t i = 2; i < 6; ++i) {
      char h = at_ + i < text_.size() ? text_[at_ + i] : '\0';
      if (!((h >= '0' && h <= '9') || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F')))
        return "\\u without four hexadecimal digits";
    }
    at_ += 6;
    return nullptr;
  }

  void space() {
    while (!end() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
  }
  bool end() const { return at_ >= text_.size(); }
  bool digit() const { return !end() && text_[at_] >= '0' && text_[at_] <= '9'; }

  const std::string_view text_;
  const int max_depth_;
  std::size_t at_ = 0;
  std::vector<bool> open_;  // true: an object
};

}  // namespace

std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  unsigned first = byte(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return follows(1) ? 2 : 0;
  if (first < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
    if (first == 0xED && byte(1) >= 0xA0) return 0;  // surrogate
    return 3;
  }
  if (first > 0xF4 || !follows(1) || !follows(2) || !follows(3)) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;   // overlong
  if (first == 0xF4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
  return 4;
}

Result<> check_json(std::string_view text, int max_depth) { return Checker(text, max_depth).run(); }

}  // namespace rfs
