// What GitHub's runner must be told to hide so that a value does not appear in a log: it masks line by line, and knows
// only some encodings. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rfs {

// The value itself and its lines, leaves of a JSON document, base64 (also broken into lines) and base64url without what
// depends on the end, hex, and how it stands in a URL or a JSON text. None shorter than 4 bytes: such a mask would turn
// every log into stars. Each once. `left_out`: there was a shorter line or leaf.
std::vector<std::string> mask_forms(std::string_view value, bool& left_out);
// "::add-mask::…" with '%', CR and LF escaped as the runner unescapes them; one line.
std::string mask_line(std::string_view form);

}  // namespace rfs
