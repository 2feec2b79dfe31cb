// The Link header (RFC 8288): where the other pages of a list are. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rfs {

struct Link {
  std::string target;
  std::string rel;  // as sent; may name several relations, separated by spaces
};

// Every link that can be read; a malformed one ends the list, since what follows it cannot be told apart.
std::vector<Link> parse_links(std::string_view value);
// The target of the first link with that relation ("next"), or "".
std::string link_target(std::string_view value, std::string_view rel);

}  // namespace rfs
