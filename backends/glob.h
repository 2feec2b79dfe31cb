// Patterns of `rm` and `invalidate`: * is any text, also with '/' in it, ? one character, all else itself. Pure.
#pragma once

#include <string_view>

namespace rfs {

bool is_pattern(std::string_view text);
// Linear in time times pattern; no recursion, so that no pattern is a bomb.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace rfs
