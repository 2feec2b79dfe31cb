#include "backends/github/routes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "backends/github/request.h"
#include "backends/github/routes_table.h"
#include "backends/http/headers.h"
#include "base/encode.h"

namespace rfs {
namespace {

// "/a/b" → a b.
std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> out;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (!path.empty()) {
    auto slash = path.find('/');
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (slash != std::string_view::npos && path.empty()) out.push_back({});  // "a/" is not "a"
  }
  return out;
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::vector<std::string> decoded_components(std::string_view path) {
  std::vector<std::string> decoded;
  for (auto component : components(path)) {
    auto plain = percent_decode(component);
    decoded.push_back(plain ? *plain : std::string(component));
  }
  return decoded;
}

// '*' within one component.
bool component_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_parameter(std::string_view component) {
  return component.size() >= 2 && component.front() == '{' && component.back() == '}';
}
bool is_rest(std::string_view component) { return is_parameter(component) && component.ends_with("...}"); }

bool matches_from(const std::vector<std::string_view>& pattern, std::size_t p, const std::vector<std::string>& path,
                  std::size_t i) {
  for (; p < pattern.size(); ++p, ++i) {
    bool last = p + 1 == pattern.size();
    if (pattern[p] == "**" || is_rest(pattern[p])) {
      if (last) return i < path.size();
      for (std::size_t skip = i; skip <= path.size(); ++skip)
        if (matches_from(pattern, p + 1, path, skip)) return true;
      return false;
    }
    if (i >= path.size()) return false;
    if (last && pattern[p] == "*") return true;
    if (!is_parameter(pattern[p]) && !component_matches(pattern[p], path[i])) return false;
  }
  return i == path.size();
}

bool is_deep(const std::vector<std::string_view>& pattern, std::size_t at) {
  return pattern[at] == "**" || is_rest(pattern[at]) || (pattern[at] == "*" && at + 1 == pattern.size());
}

bool may_be_anything(std::string_view component) {
  return is_parameter(component) || component.find('*') != std::string_view::npos;
}

// True when some path could match both patterns. Where that is hard to tell (two parts with stars) it says so too.
bool may_meet(const std::vector<std::string_view>& a, std::size_t i, const std::vector<std::string_view>& b,
              std::size_t j) {
  if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
  if (is_deep(a, i)) {
    for (std::size_t next = i + 1 == a.size() ? j + 1 : j; next <= b.size(); ++next)
      if (may_meet(a, i + 1, b, next)) return true;
    return false;
  }
  if (is_deep(b, j)) return may_meet(b, j, a, i);
  const bool same = may_be_anything(a[i]) || may_be_anything(b[j]) || component_matches(a[i], b[j]);
  return same && may_meet(a, i + 1, b, j + 1);
}

constexpr std::string_view kRepos = "/repos/{owner}/{repo}";

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

// What never leaves to peers: DESIGN's list, and a few routes whose answer depends on who asks.
bool may_leave(std::string_view pattern) {
  static constexpr std::array<std::string_view, 14> kRoots = {
      "/user",       "/orgs",  "/organizations", "/app",    "/installation",        "/search", "/notifications",
      "/enterprise", "/gists", "/feeds",         "/issues", "/marketplace_listing", "/teams",  "/rate_limit"};
  static constexpr std::array<std::string_view, 15> kBelow = {
      "secrets",       "variables",           "environments", "hooks",    "keys",
      "collaborators", "invitations",         "protection",   "rulesets", "secret-scanning",
      "dependabot",    "security-advisories", "traffic",      "runners",  "notifications"};
  for (auto root : kRoots)
    if (begins(pattern, root)) return false;
  if (pattern == "/repositories") return true;
  for (auto component : components(pattern))
    for (auto word : kBelow)
      if (component == word ||
          (component.size() > word.size() && component.substr(component.size() - word.size()) == word &&
           component[component.size() - word.size() - 1] == '-'))
        return false;
  return true;
}

Route make_route(std::string pattern, const RouteRow& row) {
  Route route;
  route.shareable = may_leave(pattern);
  route.pattern = std::move(pattern);
  route.operation = row.operation;
  route.ttl = row.ttl;
  route.list = row.list[0] != '\0';
  if (route.list && std::string_view(row.list) != kArray) route.list_field = row.list;
  route.immutable = row.trait == kBySha;
  route.store = row.trait != kNeverStored;
  return route;
}

// A path by number, as a pattern of the paths by name that it may stand for; "" when it is none.
std::string by_name(std::string_view path) {
  const auto parts = decoded_components(path);
  if (parts.size() < 2) return {};
  std::string out;
  if (parts[0] == "repositories") out = kRepos;
  if (parts[0] == "organizations") out = "/orgs/{org}";
  if (parts[0] == "user" && parse_count(parts[1])) out = "/users/{username}";
  if (!out.empty())
    for (std::size_t i = 2; i < parts.size(); ++i) out += "/" + parts[i];
  return out;
}

bool full_sha(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

bool route_pattern_matches(std::string_view pattern, std::string_view path) {
  return matches_from(components(pattern), 0, decoded_components(path), 0);
}

bool route_patterns_meet(std::string_view a, std::string_view b) {
  return may_meet(components(a), 0, components(b), 0);
}

struct Routes::Node {
  std::map<std::string, Node, std::less<>> literal;
  std::unique_ptr<Node> parameter;
  int route = -1;  // index in routes_ of what ends here
  int rest = -1;   // of a {x...} that begins here

  // The most specific route for components[i…], or -1.
  int find(const std::vector<std::string_view>& parts, std::size_t i) const {
    if (i == parts.size()) return route;
    if (parts[i].empty()) return -1;
    if (auto next = literal.find(parts[i]); next != literal.end())
      if (int found = next->second.find(parts, i + 1); found >= 0) return found;
    if (parameter)
      if (int found = parameter->find(parts, i + 1); found >= 0) return found;
    return rest;
  }
  bool continues(const std::vector<std::string_view>& parts, std::size_t i) const {
    if (i == parts.size()) return !literal.empty() || parameter || rest >= 0;
    if (parts[i].empty()) return false;
    if (rest >= 0) return true;
    if (auto next = literal.find(parts[i]); next != literal.end() && next->second.continues(parts, i + 1)) return true;
    return parameter && parameter->continues(parts, i + 1);
  }
};

Routes::Routes(const RouteOptions& options)
    : root_(std::make_shared<Node>()), allow_(options.allow), deny_(options.deny) {
  auto add_row = [&](const std::string& prefix, const std::string& twin, const RouteRow& row) {
    Route route = make_route(prefix + row.pattern, row);
    for (const auto& [key, seconds] : options.operation_ttls) {
      bool applies =
          key.find('/') == std::string::npos ? key == route.operation : route_pattern_matches(key, route.pattern);
      if (applies) route.ttl = seconds;
    }
    if (!twin.empty()) {
      Route second = route;
      second.pattern = twin;
      add(std::move(second));
    }
    add(std::move(route));
  };
  for (const auto& row : repository_rows())
    add_row(std::string(kRepos), "/repositories/{repository_id}" + std::string(row.pattern), row);
  auto twin_of = [](std::string_view pattern, std::string_view from, std::string_view to) {
    return begins(pattern, from) ? std::string(to) + std::string(pattern.substr(from.size())) : std::string();
  };
  for (const auto& row : organization_rows())
    add_row("", twin_of(row.pattern, "/orgs/{org}", "/organizations/{org}"), row);
  for (const auto& row : general_rows())
    add_row("", twin_of(row.pattern, "/users/{username}/", "/user/{account_id}/"), row);
  for (const auto& [key, seconds] : options.operation_ttls) {
    const bool of_routes = std::any_of(routes_.begin(), routes_.end(), [&key = key](const Route& route) {
      return route_pattern_matches(key, route.pattern);
    });
    if (key.find('/') != std::string::npos && !of_routes) ttls_.emplace_back(key, seconds);
  }
}

void Routes::add(Route route) {
  Node* node = root_.get();
  const int index = static_cast<int>(routes_.size());
  for (auto component : components(route.pattern)) {
    if (is_rest(component)) {
      node->rest = index;
      routes_.push_back(std::move(route));
      return;
    }
    if (is_parameter(component)) {
      if (!node->parameter) node->parameter = std::make_unique<Node>();
      node = node->parameter.get();
    } else {
      node = &node->literal[std::string(component)];
    }
  }
  // A twin that a route of its own covers (/organizations/{org}/… both ways) is left out.
  if (node->route >= 0) return;
  node->route = index;
  routes_.push_back(std::move(route));
}

const Route* Routes::find(std::string_view path) const {
  int index = root_->find(components(path), 0);
  return index < 0 ? nullptr : &routes_[static_cast<std::size_t>(index)];
}

bool Routes::is_prefix(std::string_view path) const { return root_->continues(components(path), 0); }

int Routes::ttl(const Route& route, std::string_view path) const {
  int seconds = route.ttl;
  for (const auto& [pattern, own] : ttls_)
    if (route_pattern_matches(pattern, path)) seconds = own;
  return seconds;
}

bool Routes::permitted(std::string_view path) const {
  const bool allowed = allow_.empty() || std::any_of(allow_.begin(), allow_.end(), [&](const std::string& pattern) {
                         return route_pattern_matches(pattern, path);
                       });
  return allowed && !denied(path);
}

bool Routes::denied(std::string_view path) const {
  if (deny_.empty()) return false;
  const std::string named = by_name(path);
  return std::any_of(deny_.begin(), deny_.end(), [&](const std::string& pattern) {
    return route_pattern_matches(pattern, path) || (!named.empty() && route_patterns_meet(pattern, named));
  });
}

bool immutable(const Route& route, const ApiRequest& request) {
  if (!route.immutable) return false;
  if (route.operation == "get_content") {
    std::string_view query = request.query;
    while (!query.empty()) {
      auto end = query.find('&');
      auto parameter = query.substr(0, end);
      query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
      if (begins(parameter, "ref=")) return full_sha(parameter.substr(4));
    }
    return false;
  }
  return full_sha(components(request.path).back());
}

}  // namespace rfs
