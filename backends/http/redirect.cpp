#include "backends/http/redirect.h"

#include <algorithm>

namespace rfs {

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<> Redirects::follow(std::string_view location) {
  if (location.empty()) return fail(Code::kBroken, "a redirect without a location");
  auto next = resolve_url(url(), location);
  if (!next) return fail(Code::kBroken, "a redirect to something that is " + next.error().message);
  TRY_ASSIGN(const Url from, parse_url(url()));
  TRY_ASSIGN(const Url to, parse_url(*next));
  if (from.scheme == "https" && to.scheme != "https")
    return fail(Code::kBroken, "a redirect from https to " + redacted_url(*next) + " was refused",
                "a server of the API, or a proxy before it, sends requests to an unencrypted address");
  if (std::find(seen_.begin(), seen_.end(), *next) != seen_.end())
    return fail(Code::kLoop, "a redirect loop at " + redacted_url(*next));
  if (hops() >= kMostHops) return fail(Code::kLoop, "more than 5 redirects, the last to " + redacted_url(*next));
  TRY_ASSIGN(const Url first, parse_url(seen_.front()));
  at_home_ = at_home_ && to.same_origin(first);
  seen_.push_back(std::move(*next));
  return {};
}

}  // namespace rfs
