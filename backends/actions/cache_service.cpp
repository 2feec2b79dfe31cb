#include "backends/actions/cache_service.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/http/url.h"
#include "base/json.h"

namespace rfs {
namespace {

constexpr std::size_t kWordsMost = 200;

std::string text_of(const std::map<std::string, std::string>& environment, const char* name) {
  const auto at = environment.find(name);
  return at == environment.end() ? "" : at->second;
}

// Its own words, without what could forge a line.
std::string said_by(const HttpResponse& response) {
  const auto document = parse_json(response.body, 16);
  std::string out;
  if (document && document->is_object())
    for (const char* name : {"msg", "message"})
      if (const auto at = document->find(name); at != document->end() && at->is_string() && out.empty())
        out = at->get<std::string>();
  out.resize(std::min(out.size(), kWordsMost));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

bool is_enterprise_server(const std::string& server_url) {
  const auto url = parse_url(server_url);
  if (!url) return false;
  const std::string& host = url->host;
  return host != "github.com" && !host.ends_with(".ghe.com") && !host.ends_with(".localhost");
}

}  // namespace

Result<CacheEndpoint> cache_endpoint(const std::map<std::string, std::string>& environment) {
  const std::string results = text_of(environment, "ACTIONS_RESULTS_URL");
  const std::string cache = text_of(environment, "ACTIONS_CACHE_URL");
  CacheEndpoint out;
  out.v2 = !results.empty() && !text_of(environment, "ACTIONS_CACHE_SERVICE_V2").empty() &&
           !is_enterprise_server(text_of(environment, "GITHUB_SERVER_URL"));
  out.base = out.v2 || cache.empty() ? results : cache;
  if (out.base.empty())
    return fail(Code::kUnsupported, "there is no Actions cache here: ACTIONS_RESULTS_URL is not set",
                "a runner gives it to actions only; use setup-github-cache, or name a directory with --dir");
  if (auto url = parse_url(out.base); !url)
    return fail(Code::kInvalid, "ACTIONS_RESULTS_URL or ACTIONS_CACHE_URL is no URL", "the runner sets it; leave it as it is");
  return out;
}

Error cache_error(const HttpResponse& response, const std::string& doing) {
  const std::string said = said_by(response);
  const std::string message = fmt::format("the Actions cache {}: {}{}", doing, response.status, said.empty() ? "" : ", " + said);
  const bool full = said.find("insufficient usage") != std::string::npos || said.find("quota") != std::string::npos;
  if (full || response.status == 413 || response.status == 507)
    return {Code::kNoSpace, message, "remove caches of the repository (`gh cache list`), or wait until old ones go", -1};
  switch (response.status) {
    case 401:
      return {Code::kDenied, message, "the runtime token has expired, or is another job's", -1};
    case 403:
      return {Code::kDenied, message, "this job's token may not do that here: cache-mode and the event decide", -1};
    case 409:
      return {Code::kExists, message, "another runner has the key", -1};
    case 404:
      return {Code::kNotFound, message, "", -1};
    default:
      return {Code::kBroken, message, "a later job tries again", -1};
  }
}

}  // namespace rfs
