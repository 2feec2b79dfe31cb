// Whether a SARIF is the scan that its key is about. Pure.
#pragma once

#include "backends/codeql/subject.h"
#include "backends/sarif/facts.h"

namespace rfs::codeql {

// kInvalid: another tool than CodeQL, another version than was asked for, or another category than the subject's. A file
// that names no category is of the one that it is uploaded with.
Result<> check_scan(const Subject& subject, const sarif::Facts& facts);

// Why a SARIF is stored and summarised, but no ground for a skip; "" when it is one.
std::string not_reusable(const sarif::Facts& facts);

}  // namespace rfs::codeql
