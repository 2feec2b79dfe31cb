// How long an answer is fresh to the credential that got or confirmed it. Pure.
#pragma once

#include "backends/github/request.h"
#include "backends/github/routes.h"
#include "backends/http/headers.h"

namespace rfs {

struct Lifetime {
  double expires_at = 0;   // wall seconds
  bool immutable = false;  // the request names its object by a full SHA
};

// Immutable objects: for good. Else the operation's TTL, else Cache-Control's max-age up to 60 s, else not at all.
// X-Poll-Interval (at most an hour) is a lower bound, no-store an end to it all. route may be null;
// ttl: its seconds, or -1 (Routes::ttl).
Lifetime lifetime_of(const Route* route, int ttl, const ApiRequest& request, const HeaderList& headers, double now);

}  // namespace rfs
