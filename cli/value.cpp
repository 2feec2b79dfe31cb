#include "cli/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace rfs {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

struct Unit {
  std::string_view word;
  double factor;
};

// The number before a unit and the unit's factor. Nullopt for anything else.
template <std::size_t N>
std::optional<double> with_unit(std::string_view text, const std::array<Unit, N>& units) {
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, digits);
  const std::string unit = digits == std::string_view::npos ? "" : lower(trimmed(text.substr(digits)));
  double value = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), value, std::chars_format::fixed);
  if (number.empty() || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  for (const Unit& known : units)
    if (known.word == unit) return value * known.factor;
  return std::nullopt;
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = lower(trimmed(text));
  for (const char* yes : {"true", "yes", "on", "1"})
    if (word == yes) return true;
  for (const char* no : {"false", "no", "off", "0"})
    if (word == no) return false;
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr double k = 1024;
  static constexpr std::array<Unit, 14> units{{{"", 1},
                                               {"b", 1},
                                               {"k", k},
                                               {"kb", k},
                                               {"kib", k},
                                               {"m", k * k},
                                               {"mb", k * k},
                                               {"mib", k * k},
                                               {"g", k * k * k},
                                               {"gb", k * k * k},
                                               {"gib", k * k * k},
                                               {"t", k * k * k * k},
                                               {"tb", k * k * k * k},
                                               {"tib", k * k * k * k}}};
  const auto value = with_unit(trimmed(text), units);
  if (!value || *value > 9e18) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const auto part = trimmed(text.substr(0, end)); !part.empty()) out.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 4> units{"", "K", "M", "G"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < units.size()) bytes /= 1024, ++unit;
  return fmt::format("{}{}", bytes, units[unit]);
}

}  // namespace rfs
