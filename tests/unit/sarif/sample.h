// SARIF files in the shapes that real tools write, small and made here.
#pragma once

#include <string>

#include "backends/sarif/reader.h"

namespace rfs::test {

// As CodeQL writes it: rules in an extension, results with code flows, files relative to %SRCROOT%.
std::string codeql_like(int results, const std::string& category = "/language:python/");
// As the clang analyzer writes it: keys sorted, results before the tool, no levels, file: URIs by index.
std::string clang_like();
// As ESLint's formatter writes it: levels on results, empty and real suppressions.
std::string eslint_like();
// {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T"}}, …more}]}
std::string log_of(const std::string& more_of_run);
// A result with a message, and …
std::string result_of(const std::string& more);

Result<sarif::Facts> read(std::string_view text, sarif::Options options = {}, std::size_t piece = 0);

}  // namespace rfs::test
