// What is known of an operation by its name: the text of a cache key before the first ':'. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace rfs {

std::string_view operation_of(std::string_view key);
// Seconds; the reference's table, and codeql. Nullopt: the default of the configuration.
std::optional<int> operation_ttl(std::string_view operation);

}  // namespace rfs
