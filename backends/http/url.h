// Absolute http, https and file URLs, read by libcurl's own URL parser so that we and the client never disagree. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rfs {

struct Url {
  std::string scheme;  // lower case
  std::string host;    // lower case; IPv6 in brackets
  std::string port;    // decimal, the scheme's default when none was written
  std::string path;    // "/…", as written
  std::string query;   // without '?', as written

  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
  // "host" or "host:port" when the port is not the scheme's default.
  std::string authority() const;
};

// kInvalid: no absolute http or https URL, or one with a user name, a password or control bytes.
Result<Url> parse_url(std::string_view text);

// `location` as seen from `base` (RFC 3986, 5), without its fragment. The same failures.
Result<std::string> resolve_url(const std::string& base, std::string_view location);

// For messages: scheme, host and path; a signed query is a credential.
std::string redacted_url(std::string_view text);

}  // namespace rfs
