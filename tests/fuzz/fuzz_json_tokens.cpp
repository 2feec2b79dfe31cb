// libFuzzer: the push tokenizer against two readers that do not know it. It accepts exactly what check_json accepts, in
// whatever pieces the text comes; and where nlohmann accepts too, all tell the same events. The first bytes of the
// input say where the text is cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "tests/contract/json_events.h"

namespace {

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

constexpr int kDepth = 64;
constexpr std::string_view kMark = "\xEF\xBB\xBF";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view places = input.substr(0, std::min<std::size_t>(4, size));
  const std::string_view text = input.substr(places.size());
  std::vector<std::size_t> cuts;
  for (const char place : places)
    if (!text.empty()) cuts.push_back(static_cast<unsigned char>(place) % text.size());
  std::sort(cuts.begin(), cuts.end());

  const auto events = rfs::test::token_events(text, cuts, kDepth);
  const auto whole = rfs::test::token_events(text, {}, kDepth);
  require(events.has_value() == whole.has_value());
  if (events) require(*events == *whole);
  if (!events) require(events.error().position == whole.error().position);

  // A byte order mark is passed over here and by nlohmann, and refused by check_json.
  const bool marked = text.starts_with(kMark);
  require(rfs::check_json(marked ? text.substr(kMark.size()) : text, kDepth).has_value() == events.has_value());
  if (!events) return 0;
  bool too_large = false;
  const auto other = rfs::test::nlohmann_events(text, too_large);
  // nlohmann has an opinion on surrogates without a partner, which can only be written as escapes.
  if (!other) require(too_large || text.find("\\u") != std::string_view::npos);
  if (other) require(*other == *events);
  return 0;
}
