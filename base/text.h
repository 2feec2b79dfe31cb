// Small words on text that several layers need. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rfs {

// Without the blanks, tabs and line ends around it.
std::string_view trimmed(std::string_view text);
// Decimal digits, with blanks around them or none, up to 2^64 - 1; nullopt for all else, a sign too.
std::optional<std::uint64_t> parse_whole(std::string_view text);

}  // namespace rfs
