// The characters of names below api/: escapes, suffixes, parameters. Private to path*.cpp. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rfs::api_text {

struct Suffix {
  std::string_view text;  // ".json"
  std::string_view accept;
  bool lines = false;
};
// The known suffix that a name ends in, with something before it; else null.
const Suffix* suffix_of(std::string_view name);
const Suffix& json_suffix();

// One spelling for all that mean the same: escaped unreserved characters become plain, hex digits upper case, what may
// not stand in a path segment (RFC 3986 pchar) is escaped. kInvalid: a broken escape, control bytes, or "." or ".."
// between slashes after decoding.
Result<std::string> canonical_segment(std::string_view raw);

// The position of the first '@' from `from` on that begins a parameter ("@name="), or npos. One at position 0 does not
// count: a file of contents/ may be called "@a=b", and a name is never empty.
std::size_t parameter_at(std::string_view stem, std::size_t from = 1);

// Every '@' that would begin a parameter becomes %40.
std::string escape_parameters(std::string stem);

// Names and values in one spelling too: only what is safe in a URL's query and in a shell stays plain.
using Parameters = std::vector<std::pair<std::string, std::string>>;
// "a=1&b=2", as in a URL. Empty parts are skipped; "a" alone is "a=".
Result<> add_url_parameters(std::string_view query, Parameters& out);
// "@a=1@b=2"; '&' is part of a value.
Result<> add_at_parameters(std::string_view text, Parameters& out);
std::string query_of(const Parameters& parameters);    // "a=1&b=2"
std::string display_of(const Parameters& parameters);  // "@a=1@b=2"

// True when component `index` lies below contents/ of a repository.
bool below_contents(const std::vector<std::string>& segments, std::size_t index);
// How a canonical segment is written in a name: letters beyond ASCII as themselves, and so that it is taken literally:
// "%2E" for a dot that would hide it or be a suffix, "%40" for an '@' that would begin a parameter. `stem`: of a file,
// before its parameters and suffix.
std::string display_segment(std::string_view segment, bool contents, bool stem);

}  // namespace rfs::api_text
