// The little that is read from inside JSON answers here. Pure; any bytes are fine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rfs {

// How many elements a list has: of the top-level array, or of member `field` of the object. Nullopt: no such list.
std::optional<std::uint64_t> list_length(std::string_view body, const std::string& field);

}  // namespace rfs
