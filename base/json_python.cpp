// python_text: json.dumps(json.loads(text), sort_keys=True) without a document in between, because nlohmann's has no
// integers beyond 64 bits. Works on text that check_json has passed, so that nothing here can fail or nest too deeply.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/json.h"
#include "base/json_text.h"

namespace rfs {
namespace {

class PythonWriter {
 public:
  explicit PythonWriter(std::string_view text) : text_(text) {}

  void value(std::string& out) {
    space();
    switch (text_[at_]) {
      case '{':
        return object(out);
      case '[':
        return array(out);
      case '"':
        return python_string(out, string());
      case 't':
        return word(out, "true");
      case 'f':
        return word(out, "false");
      case 'n':
        return word(out, "null");
      default:
        return number(out);
    }
  }

 private:
  struct Member {
    std::string name, text;
  };

  void object(std::string& out) {
    std::vector<Member> members;
    ++at_;
    for (space(); text_[at_] != '}'; space()) {
      if (text_[at_] == ',') ++at_, space();
      Member member{string(), {}};
      space();
      ++at_;  // :
      value(member.text);
      members.push_back(std::move(member));
    }
    ++at_;
    // The bytes of UTF-8 sort as code points do. Of equal names the last one counts.
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    out += '{';
    const char* separator = "";
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i].name == members[i + 1].name) continue;
      out += separator;
      separator = ", ";
      python_string(out, members[i].name);
      out += ": " + members[i].text;
    }
    out += '}';
  }

  void array(std::string& out) {
    ++at_;
    out += '[';
    for (space(); text_[at_] != ']'; space()) {
      if (text_[at_] == ',') ++at_, out += ", ";
      value(out);
    }
    ++at_;
    out += ']';
  }

  void word(std::string& out, std::string_view word) {
    out += word;
    at_ += word.size();
  }

  void number(std::string& out) {
    std::size_t length = std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size()) - at_;
    std::string_view token = text_.substr(at_, length);
    at_ += length;
    if (token.find_first_of(".eE") == std::string_view::npos) {
      out += token == "-0" ? "0" : token;
      return;
    }
    double real = 0;
    auto result = std::from_chars(token.data(), token.data() + token.size(), real);
    if (result.ec == std::errc::result_out_of_range) real = out_of_range(token);
    python_float(out, real);
  }

  // from_chars does not say on which side: strtod gives what Python has, an infinity or a zero with its sign.
  static double out_of_range(std::string_view token) { return std::strtod(std::string(token).c_str(), nullptr); }

  // The text of a string in UTF-8; a lone surrogate as its three bytes.
  std::string string() {
    std::string out;
    for (++at_; text_[at_] != '"';) {
      if (text_[at_] != '\\') {
        out += text_[at_++];
        continue;
      }
      char c = text_[at_ + 1];
      at_ += 2;
      if (c != 'u') {
        constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
        auto known = kFrom.find(c);
        out += known == std::string_view::npos ? c : kTo[known];
        continue;
      }
      std::uint32_t point = four_digits();
      if (point >= 0xD800 && point < 0xDC00 && text_.substr(at_, 2) == "\\u") {
        std::size_t before = at_;
        at_ += 2;
        std::uint32_t low = four_digits();
        if (low >= 0xDC00 && low < 0xE000)
          point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        else
          at_ = before;
      }
      append_utf8(out, point);
    }
    ++at_;
    return out;
  }

  std::uint32_t four_digits() {
    std::uint32_t value = 0;
    std::from_chars(text_.data() + at_, text_.data() + at_ + 4, value, 16);
    at_ += 4;
    return value;
  }

  static void append_utf8(std::string& out, std::uint32_t point) {
    auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) return put(point);
    if (point < 0x800) {
      put(0xC0 | point >> 6);
    } else {
      if (point < 0x10000) {
        put(0xE0 | point >> 12);
      } else {
        put(0xF0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3F));
      }
      put(0x80 | (point >> 6 & 0x3F));
    }
    put(0x80 | (point & 0x3F));
  }

  void space() {
    while (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t') ++at_;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::string> python_text(std::string_view text) {
  TRY(check_json(text));
  std::string out;
  PythonWriter(text).value(out);
  return out;
}

}  // namespace rfs
