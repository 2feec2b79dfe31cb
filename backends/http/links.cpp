#include "backends/http/links.h"

#include <utility>

#include "backends/http/headers.h"

namespace rfs {

namespace {

constexpr std::size_t kMostLinks = 64;

void skip_space(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
}

// A quoted string or a token at the front of `rest`, taken off it. False: a quote that does not close.
bool take_value(std::string_view& rest, std::string& value) {
  value.clear();
  if (rest.empty() || rest.front() != '"') {
    const auto end = rest.find_first_of(" \t;,");
    value = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
    return true;
  }
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return true;
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  return false;
}

}  // namespace

std::vector<Link> parse_links(std::string_view rest) {
  std::vector<Link> links;
  while (links.size() < kMostLinks) {
    while (!rest.empty() && (rest.front() == ',' || rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    if (rest.empty() || rest.front() != '<') break;
    const auto close = rest.find('>');
    if (close == std::string_view::npos) break;
    Link link{std::string(rest.substr(1, close - 1)), {}};
    rest.remove_prefix(close + 1);
    bool has_rel = false;
    for (skip_space(rest); !rest.empty() && rest.front() == ';'; skip_space(rest)) {
      rest.remove_prefix(1);
      skip_space(rest);
      const auto end = rest.find_first_of("=;, \t");
      const std::string_view name = rest.substr(0, end);
      rest.remove_prefix(name.size());
      skip_space(rest);
      std::string value;
      if (!rest.empty() && rest.front() == '=') {
        rest.remove_prefix(1);
        skip_space(rest);
        if (!take_value(rest, value)) return links;
      }
      // Only the first rel of a link counts (RFC 8288, 3.3).
      if (same_text(name, "rel") && !std::exchange(has_rel, true)) link.rel = value;
    }
    if (!rest.empty() && rest.front() != ',') break;
    links.push_back(std::move(link));
  }
  return links;
}

std::string link_target(std::string_view value, std::string_view rel) {
  for (const Link& link : parse_links(value)) {
    std::string_view rest = link.rel;
    while (!rest.empty()) {
      const auto space = rest.find(' ');
      if (same_text(rest.substr(0, space), rel)) return link.target;
      rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    }
  }
  return {};
}

}  // namespace rfs
