// The route table: which REST paths exist, and what is known of each. One table decides; all else is ENOENT without a
// request. Immutable after construction; any thread. The rows are in routes_*.cpp.
//
// /repositories/{id}/… answers as /repos/{owner}/{repo}/… does (renamed repositories), and so do /organizations/{id}
// for /orgs/{org} and /user/{id}/… for /users/{username}/…: GitHub's own Link headers and redirects use these forms.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

struct ApiRequest;  // backends/github/request.h

struct Route {
  std::string pattern;     // "/repos/{owner}/{repo}/actions/runs"; {x} is one component, {x...} the rest
  std::string operation;   // the reference's name ("get_workflow_runs"), or ours in its style; key of operation_ttls
  int ttl = -1;            // seconds; -1: Cache-Control's max-age, at most 60
  std::string list_field;  // "workflow_runs" for wrapped lists; "" for a top-level array or an object
  bool list = false;       // known to answer a list
  bool immutable = false;  // may name its object by full commit SHA: see immutable() below
  bool shareable = true;   // may leave to peers (the deny list of runnerfs(7) says no)
  bool store = true;       // false: /rate_limit, never stored
};

// Patterns over REST paths, as api.allow, api.deny and operation_ttls take them: "/repos/octo/*/actions/**".
//   *              any characters within one component
//   **, last /*    this component and everything below it; "/repos/octo/*" also matches "/repos/octo/hello/pulls"
//   {x}, {x...}    like a component that is *, or **, so that a route's own pattern can be used
// A leading '/' may be left out. Letters match in either case, as owners and repositories do at GitHub; escapes are
// decoded first.
bool route_pattern_matches(std::string_view pattern, std::string_view path);
// True when there may be a path that both patterns match; never false where there is one.
bool route_patterns_meet(std::string_view a, std::string_view b);

struct RouteOptions {
  std::vector<std::string> allow;                           // patterns over REST paths; empty: all
  std::vector<std::string> deny;                            // wins over allow
  std::vector<std::pair<std::string, int>> operation_ttls;  // operation, or (with a '/') a pattern over routes or paths
                                                            // → seconds; the last that applies wins, a pattern that
                                                            // names an owner or the like over one that names none
};

class Routes {
 public:
  explicit Routes(const RouteOptions& options = {});
  // The most specific route of a REST path ("/repos/o/r"), or null: a literal component wins over {x}, {x} over
  // {x...}. Percent-encoded input; empty components are not skipped.
  const Route* find(std::string_view path) const;
  // True when some route continues below this path: it may be a directory. "" is the root.
  bool is_prefix(std::string_view path) const;
  // Seconds that an answer to this path is fresh; -1 as in Route.
  int ttl(const Route& route, std::string_view path) const;
  // False: api.allow and api.deny say no (EACCES).
  bool permitted(std::string_view path) const;
  // True: api.deny says no. Of a path by number (/repositories/ID, /organizations/ID, /user/ID) nobody knows the name,
  // so that it is denied when some name could be.
  bool denied(std::string_view path) const;
  const std::vector<Route>& all() const { return routes_; }

 private:
  struct Node;  // of the trie over components
  void add(Route route);
  std::vector<Route> routes_;
  std::shared_ptr<Node> root_;
  std::vector<std::string> allow_, deny_;
  std::vector<std::pair<std::string, int>> ttls_;  // those that are no route's own
};

// True when the request names its object by a full SHA (40 or 64 hex digits), so that the answer cannot change:
// git/{commits,trees,blobs,tags}/SHA, commits/SHA, and contents with ref=SHA.
bool immutable(const Route& route, const ApiRequest& request);

}  // namespace rfs
