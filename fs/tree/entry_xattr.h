// The extended attributes that say where a cached entry's bytes come from. Values are plain text; an attribute that
// has nothing to say is left out. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backends/chain.h"
#include "backends/entry.h"
#include "base/result.h"

namespace rfs {

using Attributes = std::vector<std::pair<std::string, std::string>>;

// user.runnerfs.source  memory | disk | peer | origin
//              .age     seconds since it was last confirmed
//              .expires when it stops being fresh, in seconds since 1970
//              .cid     CIDv1 of the bytes
//              .proof   origin | etag | shared-secret | local
Attributes entry_attributes(const Entry& entry, double now);
// user.runnerfs.state: fresh | revalidated | stale | immutable. revalidated: fresh, because GitHub confirmed it.
std::string state_word(const Entry& entry, Freshness freshness);
// user.http.status, .etag, .last-modified, .link.
Attributes http_attributes(const Entry& entry);

std::vector<std::string> names_of(const Attributes& attributes);
// kNoAttribute when there is none of that name.
Result<std::string> value_of(const Attributes& attributes, std::string_view name);

}  // namespace rfs
