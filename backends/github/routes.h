// The route table: which REST paths exist, and what is known of each. One table decides; all else is ENOENT without a
// request. Immutable after construction; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

struct Route {
  std::string pattern;      // "/repos/{owner}/{repo}/actions/runs"; {x} is one component, {x...} the rest
  std::string operation;    // the reference's name ("get_workflow_runs"), or ours in its style; key of operation_ttls
  int ttl = -1;             // seconds; -1: Cache-Control's max-age, at most 60
  std::string list_field;   // "workflow_runs" for wrapped lists; "" for a top-level array or an object
  bool list = false;        // may be read as .jsonl
  bool immutable = false;   // names its object by full commit SHA (checked on the request: 40 or 64 hex digits)
  bool shareable = true;    // may leave to peers (DESIGN 3.6's deny list says no)
  bool store = true;        // false: /rate_limit, never stored
};

struct RouteOptions {
  std::vector<std::string> allow;                          // patterns over REST paths; empty: all
  std::vector<std::string> deny;
  std::vector<std::pair<std::string, int>> operation_ttls; // operation, or (with a '/') a route pattern → seconds
};

class Routes {
 public:
  explicit Routes(const RouteOptions& options = {});
  // The most specific route of a REST path ("/repos/o/r"), or null. Percent-encoded input.
  const Route* find(std::string_view path) const;
  // True when some route continues below this path: it may be a directory. "" is the root.
  bool is_prefix(std::string_view path) const;
  // False: api.allow and api.deny say no (EACCES).
  bool permitted(std::string_view path) const;
  const std::vector<Route>& all() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::string> allow_, deny_;
};

}  // namespace rfs
