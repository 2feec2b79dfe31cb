// Keys of the Python implementation's configuration that this version reads and does not act on, each with the reason, so that nobody wonders why a line has no effect. Pure.
#pragma once

#include <string_view>

namespace rfs {

// Why the key of cache-config.yml or p2p-config.yml has no effect; null when it is no such key.
const char* without_effect(std::string_view key);

}  // namespace rfs
