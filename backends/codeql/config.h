// The configuration of a scan as it names a directory below codeql/: a query suite, or the hash of a JSON document.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rfs::codeql {

// "security-extended" is itself; a JSON document is "sha256-<64 hex>" of its canonical text, the form of Python's
// json.dumps(sort_keys=True); such a name is itself, too. kInvalid with the byte position for what begins like JSON and
// is none, kInvalid for what is no name, kNameTooLong beyond 200 bytes. Pure.
Result<std::string> canonical_config(std::string_view text);

// What that hash is made of; the text itself for a suite. REQUIRES: canonical_config accepts it.
std::string config_text(std::string_view text);

// The hash of the reference's key: that of the document, or of {"queries": SUITE}. 64 hex digits.
std::string reference_hash(std::string_view text);

}  // namespace rfs::codeql
