// The elements of a list in a JSON answer, in the bytes that GitHub sent: no number is read and written again. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

// Views into `document`: the elements of the array at top level, else of the member `list_field`, else (no such member)
// of the only member that is an array. kBroken: not JSON, with its position. kInvalid: nothing of these is there.
// No document at all (204) is a list of nothing.
Result<std::vector<std::string_view>> json_elements(std::string_view document, std::string_view list_field);

// Appends a JSON value as one line: without space between its tokens, and with a line end. REQUIRES: it is JSON.
void append_json_line(std::string& out, std::string_view value);

}  // namespace rfs
