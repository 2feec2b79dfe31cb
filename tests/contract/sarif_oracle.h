// What a SARIF file says, computed the plain way from nlohmann's document: to compare the reader with.
#pragma once

#include <string_view>

#include "backends/sarif/facts.h"

namespace rfs::test {

// Counts only. REQUIRES: a file that the reader accepts.
sarif::Facts oracle(std::string_view text);
// The counts of both in words, for comparing.
std::string counts(const sarif::Facts& facts);

}  // namespace rfs::test
