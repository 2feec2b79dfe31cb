// GitHub's strong ETag of a JSON answer, recomputed from what we sent and received:
//
//     '"' hex(SHA-256(Accept ":" Authorization ":" body)) '"'      (the body before compression)
//
// Each header value is followed by a colon, and only headers that the request carries take part. Which headers, and in
// which order, is fixed here: a list that somebody else names (a peer, a stored Vary) could move the border between
// headers and body. Undocumented at GitHub, so nothing is believed without a check: an entry counts as shareable only
// when its own tag came out right, and proof for another token is GitHub's 304 to the tag (proof.h). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "backends/body.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs {

// authorization: the header's value as sent, empty when none is.
std::string etag_of(std::string_view accept, const SecretBytes& authorization, std::string_view body);
// The same over a body that may lie on disk, read chunk by chunk. Fails as Body::read_at does.
Result<std::string> etag_of(std::string_view accept, const SecretBytes& authorization, const Body& body);

// Weak comparison (RFC 9110, 8.8.3.2): the same quoted text, W/ or not. Empty tags are never the same.
bool same_tag(std::string_view a, std::string_view b);
// '"' 64 hex '"', W/ or not: a tag that the formula could give. 40-digit tags are git object ids and prove nothing.
bool is_hash_tag(std::string_view tag);
// 64 random hex digits in quotes, for the negative control.
std::string random_tag();

}  // namespace rfs
