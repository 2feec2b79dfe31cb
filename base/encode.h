// Text encodings. All functions are pure. Decoders answer nullopt for anything that is not exactly of the form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace rfs {

std::string hex(BytesView bytes);                               // lower case
std::optional<Bytes> unhex(std::string_view text);              // either case
bool is_hex_of(std::string_view text, std::size_t digits);      // so many digits as hex() writes them
std::string base32_lower(BytesView bytes);                      // RFC 4648, no padding (CIDv1 multibase 'b' without the prefix)
std::optional<Bytes> unbase32(std::string_view text);           // either case, no padding
std::string base64(BytesView bytes);                            // RFC 4648 with padding
std::optional<Bytes> unbase64(std::string_view text);
std::string base64url(BytesView bytes);                         // without padding
std::optional<Bytes> unbase64url(std::string_view text);        // padding optional
// %XX for every byte not in the unreserved set of RFC 3986 nor in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});
// Nullopt for a % that two hex digits do not follow.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace rfs
