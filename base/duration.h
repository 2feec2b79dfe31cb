// Durations as users write them: seconds, or a number with a unit. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rfs {

// "90", "1.5", "500ms", "10s", "5m", "24h", "7d" → seconds. Spaces around it are allowed; nullopt for anything else,
// for a sign, and for more than 3,000 years.
std::optional<double> parse_duration(std::string_view text);
// The shortest text in seconds that is read back as the same: "90", "0.500".
std::string duration_text(double seconds);

}  // namespace rfs
