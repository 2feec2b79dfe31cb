#include "tests/contract/json_events.h"

#include <nlohmann/json.hpp>

#include "base/json_tokens.h"

namespace rfs::test {
namespace {

// Texts stand behind their length, so that no event looks like two.
class Recorder final : public JsonSink {
 public:
  bool begin_object() override { return add("{"); }
  bool end_object() override { return add("}"); }
  bool begin_array() override { return add("["); }
  bool end_array() override { return add("]"); }
  Error reason() const override { return {}; }
  Interest name(std::string_view text, bool whole) override {
    (void)add("k" + quoted(text, whole));
    return Interest::kValue;
  }
  bool string(std::string_view text, bool whole) override { return add("s" + quoted(text, whole)); }
  // nlohmann takes -0 for the integer 0.
  bool number(std::string_view text, bool whole) override {
    return add("n" + quoted(text == "-0" ? "0" : text, whole));
  }
  bool boolean(bool value) override { return add(value ? "true" : "false"); }
  bool null() override { return add("null"); }

  static std::string quoted(std::string_view text, bool whole) {
    return std::to_string(text.size()) + (whole ? ":" : "+:") + std::string(text);
  }
  std::string out;

 private:
  bool add(const std::string& event) {
    out += event + "\n";
    return true;
  }
};

struct Sax : nlohmann::json_sax<nlohmann::json> {
  Recorder to;
  bool too_large = false;

  bool null() override { return to.null(); }
  bool boolean(bool value) override { return to.boolean(value); }
  bool number_integer(number_integer_t n) override { return to.number(std::to_string(n), true); }
  bool number_unsigned(number_unsigned_t n) override { return to.number(std::to_string(n), true); }
  bool number_float(number_float_t, const string_t& n) override {
    return to.number(kept(n), n.size() <= JsonTokens::kTextMost);
  }
  bool string(string_t& text) override { return to.string(kept(text), text.size() <= JsonTokens::kTextMost); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return to.begin_object(); }
  bool key(string_t& text) override {
    return to.name(kept(text), text.size() <= JsonTokens::kTextMost) == JsonSink::Interest::kValue;
  }
  bool end_object() override { return to.end_object(); }
  bool start_array(std::size_t) override { return to.begin_array(); }
  bool end_array() override { return to.end_array(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    too_large = error.id == 406;
    return false;
  }
  static std::string_view kept(const std::string& text) {
    return std::string_view(text).substr(0, JsonTokens::kTextMost);
  }
};

}  // namespace

Result<std::string> token_events(std::string_view text, const std::vector<std::size_t>& cuts, int max_depth) {
  Recorder recorder;
  JsonTokens tokens(recorder, max_depth);
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {
    TRY(tokens.push(text.substr(at, cut - at)));
    at = cut;
  }
  TRY(tokens.push(text.substr(at)));
  TRY(tokens.finish());
  return recorder.out;
}

std::optional<std::string> nlohmann_events(std::string_view text, bool& number_too_large) {
  Sax sax;
  const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &sax);
  number_too_large = sax.too_large;
  if (!read) return std::nullopt;
  return sax.to.out;
}

}  // namespace rfs::test
