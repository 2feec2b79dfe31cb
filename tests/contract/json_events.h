// The events of a JSON document as one text, told by two readers that do not know each other, so that they can be
// compared: ours, fed in pieces, and nlohmann's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs::test {

// Pieces end at these offsets (ascending), and at the end.
Result<std::string> token_events(std::string_view text, const std::vector<std::size_t>& cuts, int max_depth = 200);

// Nullopt: refused. number_too_large: and that only because a number exceeds a double.
std::optional<std::string> nlohmann_events(std::string_view text, bool& number_too_large);

}  // namespace rfs::test
