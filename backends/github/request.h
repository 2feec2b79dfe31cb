// ApiRequest: one GET as it is sent, and the identity of its answer.
#pragma once

#include <string>

#include "backends/entry.h"

namespace rfs {

inline constexpr const char* kApiVersion = "2022-11-28";

// Immutable once built; shared between threads.
struct ApiRequest {
  std::string path;    // "/repos/octo/hello/actions/runs": begins with '/', percent-encoded as it is sent
  std::string query;   // raw, without '?': "status=success&per_page=100"; "" for none
  std::string accept;  // the media type: "application/vnd.github+json"
  // As a user types it below api/, in the shell-safe spelling: "repos/octo/hello/actions/runs@status=success.json".
  std::string display;
  // False: the answer is never kept (Route::store, /rate_limit).
  bool store = true;
};

// A body of this media type is JSON, so that it shows by itself whether it is whole.
inline bool is_json(const ApiRequest& request) {
  return request.accept == "application/vnd.github+json" || request.accept == "application/sarif+json";
}

// lp(host) lp(path) lp(query) lp(accept) lp(api-version); host is the base URL without its scheme
// ("api.github.com", "ghe.example/api/v3", "127.0.0.1:8443"). FORMATS C.2.
std::string canonical_key(const std::string& host, const ApiRequest& request);

// The EntryKey of a request's answer for one partition ("" for the entry of all credentials).
EntryKey entry_key(const std::string& host, const ApiRequest& request, const std::string& partition);

}  // namespace rfs
