// What may leave to peers, and what is believed of them. Pure but for reading bodies; any thread.
// runnerfs(7), "Peers", has the rules in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backends/entry.h"
#include "backends/github/routes.h"
#include "base/result.h"

namespace rfs {

// What a peer's body of api/ is worth.
enum class Verify : std::uint8_t {
  kEtag,    // nothing, until GitHub has answered 304 to the ETag that was computed here from the bytes
  kMember,  // the word of a member counts within the time to live, but for what chooses code or rights
};

// What canonical_key() was made of; nullopt for anything else.
struct CanonicalParts {
  std::string_view host, path, query, accept, version;
};
std::optional<CanonicalParts> parse_canonical(std::string_view canonical);

// What the pseudonym of an entry of cache/ is made of: lp("cache") lp(key). No request of api/ has two parts.
std::string canonical_cache_key(std::string_view key);

// May an answer to this path be asked of peers, and leave to them? No: the deny list, unknown routes, what is never
// stored.
bool path_may_be_shared(const Routes& routes, std::string_view path);
// Of an entry without its body: it is api/'s, an answer 200, had from GitHub itself (never what a peer gave, proven or
// not) and its path may be shared.
bool entry_may_leave(const Routes& routes, const Entry& entry);
// False: a JSON body that carries a credential (a non-empty temp_clone_token; token= in a member url or *_url), or that
// is not JSON although it should be. Reads the whole body. Failures: as Body::read_at.
Result<bool> body_may_leave(std::string_view accept, const Body& body);

// Under Verify::kMember: may a member's word count for this route? Never for releases, git, branches, tags, commits,
// contents, compare, artifacts and code scanning, which choose code or rights.
bool word_counts(const Route& route);
// Until when a body confirmed at `fetched_at` is believed. ttl: of the route (Routes::ttl), -1 where only GitHub's
// headers would say it, which a peer does not pass on: then a minute, the most that such answers get.
double word_ends(int ttl, double fetched_at);

}  // namespace rfs
