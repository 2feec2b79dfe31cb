// Texts of the command line, of environment variables and of configuration files → values. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace rfs {

// true, false, yes, no, on, off, 1, 0; any case.
std::optional<bool> parse_bool(std::string_view text);
// Bytes, or with a unit: 64K, 64KiB, 2M, 1G (powers of 1024).
std::optional<std::uint64_t> parse_size(std::string_view text);
// "a,b , c" → a b c; empty parts are dropped.
std::vector<std::string> split_list(std::string_view text, char separator = ',');

// The shortest text that parse_size reads back.
std::string size_text(std::uint64_t bytes);

}  // namespace rfs
