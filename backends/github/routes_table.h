// The rows that Routes is built from: plain data, one row a GET route of GitHub's REST API. Adding a route is adding a
// row here; what follows from the path alone (twins, what may leave to peers) is worked out in routes.cpp.
#pragma once

#include <span>

namespace rfs {

inline constexpr const char* kNone = "";     // the answer is one object (or text)
inline constexpr const char* kArray = "[]";  // the answer is a list at top level
// Anything else in that column: the member that holds the list of a wrapping object.

inline constexpr int kDefaultTtl = -1;
enum RouteTrait : unsigned char { kPlain, kBySha, kNeverStored };

struct RouteRow {
  const char* pattern;
  const char* operation;
  const char* list = kNone;
  int ttl = kDefaultTtl;
  RouteTrait trait = kPlain;
};

std::span<const RouteRow> repository_rows();  // patterns continue /repos/{owner}/{repo}
std::span<const RouteRow> organization_rows();
std::span<const RouteRow> general_rows();

}  // namespace rfs
