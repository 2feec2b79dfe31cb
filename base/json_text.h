// Pieces of JSON text that several writers here need. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rfs {

// Bytes of the well-formed UTF-8 sequence that `text` begins with (1 to 4), or 0 when there is none.
std::size_t utf8_length(std::string_view text);

// repr(float) of Python 3, as json.dumps writes it: 1.0, 1e+16, 1e-05, Infinity.
void python_float(std::string& out, double value);

// The string as json.dumps writes it: ASCII, \uXXXX in lower case, surrogate pairs above U+FFFF. `text` is UTF-8; a
// three-byte sequence for a lone surrogate is written as that surrogate; other invalid bytes as \ufffd.
void python_string(std::string& out, std::string_view text);

}  // namespace rfs
