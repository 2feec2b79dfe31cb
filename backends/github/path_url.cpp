#include <cctype>

#include "backends/github/path.h"
#include "backends/http/url.h"

namespace rfs {
namespace {

struct Address {
  std::string scheme, authority;  // lower case; authority without the scheme's own port
  std::string_view rest;          // from the first '/', '?' or '#' on
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Only of the form scheme://authority…
bool split_url(std::string_view text, Address& out) {
  auto colon = text.find("://");
  if (colon == std::string_view::npos || text.substr(0, colon).find_first_of("/?#") != std::string_view::npos)
    return false;
  out.scheme = lower(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  auto end = text.find_first_of("/?#");
  out.authority = lower(text.substr(0, end));
  out.rest = end == std::string_view::npos ? std::string_view() : text.substr(end);
  std::string_view port = out.scheme == "https" ? ":443" : out.scheme == "http" ? ":80" : ":";
  if (out.authority.size() > port.size() && out.authority.ends_with(port))
    out.authority.resize(out.authority.size() - port.size());
  return true;
}

}  // namespace

Result<UrlTarget> target_of_url(std::string_view url, std::string_view api_base) {
  std::string_view rest = url;
  if (Address asked; split_url(url, asked)) {
    Address base;
    if (!split_url(api_base, base) || base.scheme == "file") split_url("https://api.github.com", base);
    while (base.rest.ends_with('/')) base.rest.remove_suffix(1);
    if (asked.scheme != base.scheme || asked.authority != base.authority)
      return fail(Code::kInvalid, "the URL is not one of the API at " + base.scheme + "://" + base.authority,
                  "only the API that GITHUB_API_URL names can be asked");
    rest = asked.rest;
    if (!rest.starts_with(base.rest) || (rest.size() > base.rest.size() && rest[base.rest.size()] != '/'))
      return fail(Code::kInvalid, "the URL does not lie below " + std::string(base.rest) + " of the API");
    rest.remove_prefix(base.rest.size());
  }
  rest = rest.substr(0, rest.find('#'));
  if (rest.find_first_of("{}") != std::string_view::npos)
    return fail(Code::kInvalid, "the URL is a template", "fill in or remove its {…} part");
  UrlTarget target;
  auto question = rest.find('?');
  target.path = rest.substr(0, question);
  if (question != std::string_view::npos) target.query = rest.substr(question + 1);
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  return target;
}

Result<UrlTarget> target_of_link(const std::string& link, const ApiRequest& from, const std::string& api_base) {
  std::string base = api_base.starts_with("http") ? api_base : "https://api.github.com";
  while (base.ends_with('/')) base.pop_back();
  TRY_ASSIGN(auto url, resolve_url(base + from.path + (from.query.empty() ? "" : "?" + from.query), link));
  return target_of_url(url, api_base);
}

Result<std::string> path_of_url(std::string_view url, std::string_view api_base) {
  TRY_ASSIGN(auto target, target_of_url(url, api_base));
  TRY_ASSIGN(auto request, json_request(target.path, target.query));
  return request.display;
}

Result<std::string> fill_placeholders(std::string_view path, std::string_view repository) {
  auto slash = repository.find('/');
  const bool known = slash != std::string_view::npos && slash > 0 && slash + 1 < repository.size() &&
                     repository.find('/', slash + 1) == std::string_view::npos;
  std::string out;
  while (!path.empty()) {
    bool owner = path.starts_with("{owner}"), repo = path.starts_with("{repo}");
    if (!owner && !repo) {
      out += path.front();
      path.remove_prefix(1);
      continue;
    }
    if (!known)
      return fail(Code::kUsage, "{owner} and {repo} need to know the repository",
                  "set GITHUB_REPOSITORY=owner/repo, or run this in a clone that has a GitHub remote");
    out += owner ? repository.substr(0, slash) : repository.substr(slash + 1);
    path.remove_prefix(owner ? 7 : 6);
  }
  return out;
}

}  // namespace rfs
