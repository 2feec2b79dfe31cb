#include "base/duration.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace rfs {

std::optional<double> parse_duration(std::string_view text) {
  text = trimmed(text);
  // from_chars would also read "inf", "nan" and exponents.
  const auto number = text.substr(0, text.find_first_not_of("0123456789."));
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;

  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits{
      {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}}};
  for (const auto& [unit, seconds] : kUnits) {
    if (text.substr(number.size()) != unit) continue;
    value *= seconds;
    return value <= 1e11 ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

std::string duration_text(double seconds) {
  if (seconds == std::floor(seconds)) return fmt::format("{:.0f}", seconds);
  return fmt::format("{:.3f}", seconds);
}

}  // namespace rfs
