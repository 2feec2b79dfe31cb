// The languages that CodeQL knows, by the names of codeql-action. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rfs::codeql {

struct Language {
  std::string_view name;  // "python"
  // The extractor runs build or package tools, which may read any file and depend on the machine.
  bool built;
};

// By name or alias ("c-cpp", "typescript", "java-kotlin"), any case. kUsage for anything else.
Result<Language> find_language(std::string_view name);

// False: an edit of this file alone can, by its name, not concern a scan of the language. Used only to turn a skip into
// a scan, so that a wide answer costs a scan and a narrow one nothing.
bool may_concern(const Language& language, std::string_view path);

}  // namespace rfs::codeql
