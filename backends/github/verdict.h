// What a status that is no content means: the error for the reader, and whether a limit spoke. Pure.
#pragma once

#include <string>
#include <string_view>

#include "backends/http/transport.h"
#include "base/error.h"

namespace rfs {

// The message and documentation_url of GitHub's error documents, without control bytes, at most 200 characters each;
// "" for anything else.
struct Said {
  std::string message;
  std::string documentation;
};
Said what_it_said(std::string_view body);

enum class Limit { kNone, kPrimary, kSecondary };
// 403 and 429 alike: GitHub uses both for both limits.
Limit limit_of(const HttpResponse& response, const Said& said);

// Whether the same request may succeed soon: 5xx and 408.
bool worth_another_try(int status);

// who: "GitHub", or the name of what answered. credential: where the token came from, for hints.
Error error_of(const HttpResponse& response, const Said& said, std::string_view who, std::string_view credential);

}  // namespace rfs
