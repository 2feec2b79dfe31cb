#include "cli/mask_forms.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encode.h"
#include "base/json.h"
#include "base/json_text.h"
#include "cli/value.h"

namespace rfs {
namespace {

constexpr std::size_t kShortest = 4;

class Forms {
 public:
  explicit Forms(bool& left_out) : left_out_(left_out) {}
  void add(std::string_view form) {
    if (form.size() < kShortest) {
      left_out_ |= !form.empty();
      return;
    }
    if (std::find(out_.begin(), out_.end(), form) == out_.end()) out_.emplace_back(form);
  }
  std::vector<std::string> take() { return std::move(out_); }

 private:
  bool& left_out_;
  std::vector<std::string> out_;
};

void add_lines(Forms& forms, std::string_view text) {
  forms.add(text);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    forms.add(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void add_leaves(Forms& forms, const nlohmann::json& document) {
  if (document.is_string())
    add_lines(forms, document.get_ref<const std::string&>());
  else if (document.is_structured())
    for (const auto& one : document) add_leaves(forms, one);
}

// Without padding and the last character: they change when bytes follow, a newline for one.
std::string_view settled(std::string_view encoded, std::size_t bytes) {
  encoded = encoded.substr(0, encoded.find('='));
  return bytes % 3 == 0 ? encoded : encoded.substr(0, encoded.size() - 1);
}

// As programs break it: base64(1) after 76 characters, PEM after 64. Of a rest what is long enough to be telling.
void add_wrapped(Forms& forms, std::string_view encoded, std::size_t width) {
  constexpr std::size_t kTelling = 16;
  if (encoded.size() <= width) return;
  for (; encoded.size() >= kTelling; encoded.remove_prefix(std::min(width, encoded.size())))
    forms.add(encoded.substr(0, width));
}

// In a URL (a path, a query, a form; what JavaScript and Python leave as it is), and inside a JSON text.
void add_quoted(Forms& forms, std::string_view value) {
  for (const char* kept : {"", "/", "!'()*", "!'()*;/?:@&=+$,#"}) forms.add(percent_encode(value, kept));
  std::string form = percent_encode(value, " ");
  std::replace(form.begin(), form.end(), ' ', '+');
  forms.add(form);
  std::string ascii;
  python_string(ascii, value);
  for (const std::string& text : {json_quote(value), ascii}) forms.add(std::string_view(text).substr(1, text.size() - 2));
}

}  // namespace

std::vector<std::string> mask_forms(std::string_view value, bool& left_out) {
  left_out = false;
  Forms forms(left_out);
  add_lines(forms, value);
  if (!value.empty() && (value[0] == '{' || value[0] == '['))
    if (const auto document = parse_json(value)) add_leaves(forms, *document);
  if (value.size() >= kShortest) {
    const BytesView bytes = view(value);
    for (const std::string& text : {base64(bytes), base64url(bytes)}) forms.add(settled(text, bytes.size()));
    const std::string whole = base64(bytes);
    for (const std::size_t width : {std::size_t{76}, std::size_t{64}}) add_wrapped(forms, settled(whole, bytes.size()), width);
    add_quoted(forms, value);
    std::string digits = hex(bytes);
    forms.add(digits);
    for (char& c : digits)
      if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    forms.add(digits);
  }
  return forms.take();
}

std::string mask_line(std::string_view form) {
  std::string out = "::add-mask::";
  for (const char c : form) {
    if (c == '%')
      out += "%25";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  return out + "\n";
}

}  // namespace rfs
