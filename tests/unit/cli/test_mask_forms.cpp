#include "cli/mask_forms.h"

#include <algorithm>

#include "base/encode.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

bool has(const std::vector<std::string>& forms, std::string_view form) {
  return std::find(forms.begin(), forms.end(), form) != forms.end();
}

}  // namespace

TEST_CASE("a mask is one line that the runner unescapes to the value") {
  CHECK(mask_line("a%b\r\nc") == "::add-mask::a%25b%0D%0Ac\n");
  CHECK(mask_line("plain") == "::add-mask::plain\n");
}

TEST_CASE("a value of several lines is masked whole and line by line, but no short line") {
  bool left_out = false;
  const auto forms = mask_forms("-----BEGIN\n  abcdef\n}\n-----END\n", left_out);
  for (const char* form : {"-----BEGIN\n  abcdef\n}\n-----END\n", "-----BEGIN", "abcdef", "-----END"})
    CHECK(has(forms, form));
  CHECK(!has(forms, "}"));
  CHECK(left_out);
  for (const std::string& form : forms) CHECK(form.size() >= 4);
}

TEST_CASE("base64 is masked as far as no following byte can change it") {
  for (std::size_t size = 4; size < 12; ++size) {
    const std::string value(size, 'k');
    bool left_out = false;
    const auto forms = mask_forms(value, left_out);
    CHECK(!left_out);
    for (const char* more : {"", "\n", "xyz"}) {
      const std::string encoded = base64(view(value + more));
      CHECK(std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
        return form != value && encoded.starts_with(form) && form.size() + 2 >= size * 4 / 3;
      }));
    }
    CHECK(has(forms, hex(view(value))));
  }
}

TEST_CASE("leaves of a JSON document are masked, also decoded ones") {
  bool left_out = false;
  const auto forms = mask_forms(R"({"a": ["first", {"b": "sec\u006fnd"}], "n": 7})", left_out);
  CHECK(has(forms, "first"));
  CHECK(has(forms, "second"));
  CHECK(!left_out);
}

TEST_CASE("forms of a URL, of a JSON text and of base64 in lines are masked") {
  bool left_out = false;
  const std::string value = "p\u00e4ss/w\"rd & more\nsecond line that is long enough to be broken by base64, twice at least\n";
  const auto forms = mask_forms(value, left_out);
  CHECK(has(forms, percent_encode(value)));
  CHECK(has(forms, percent_encode(value, "/")));
  CHECK(has(forms, "p\\u00e4ss/w\\\"rd & more\\nsecond line that is long enough to be broken by base64, twice at least\\n"));
  const std::string encoded = base64(view(value));
  for (const std::size_t width : {64, 76}) CHECK(has(forms, encoded.substr(0, width)));
  const auto is_second_line = [&](const std::string& form) { return form.starts_with(encoded.substr(64, 40)); };
  CHECK(std::any_of(forms.begin(), forms.end(), is_second_line));  // its end depends on what follows
  for (const std::string& form : forms) CHECK(form.size() >= 4);
}
