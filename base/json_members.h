// The members of a JSON object as they are written: for documents that are passed on byte for byte. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rfs {

// Name → value, as a view into `text`. Names are decoded; of two with one name the last counts; a name with a \u
// surrogate that has no partner is left out. kInvalid: not JSON (check_json), or no object.
Result<std::map<std::string, std::string_view>> json_members(std::string_view text);
// The text of a JSON string; kInvalid for any other value, and for a surrogate without a partner.
Result<std::string> json_string(std::string_view value);

}  // namespace rfs
