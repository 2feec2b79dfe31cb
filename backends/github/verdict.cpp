#include "backends/github/verdict.h"

namespace rfs {

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string denied_hint(const HttpResponse& response, std::string_view credential) {
  // X-GitHub-SSO holds a URL with a request token: it is not repeated.
  if (response.headers.has("x-github-sso"))
    return "authorize the token of " + std::string(credential) + " for the organisation's single sign-on";
  std::string hint = "the token of " + std::string(credential) + " has no permission for it";
  if (const auto needed = response.headers.get("x-accepted-github-permissions");
      !needed.empty() && needed.size() <= 200)
    hint += "; GitHub asks for " + std::string(needed);
  return hint;
}

}  // namespace

Limit limit_of(const HttpResponse& response, const Said& said) {
  if (response.status != 403 && response.status != 429) return Limit::kNone;
  if (response.headers.get("x-ratelimit-remaining") == "0") return Limit::kPrimary;
  if (response.headers.has("retry-after")) return Limit::kSecondary;
  if (contains(said.message, "secondary rate limit") || contains(said.message, "abuse detection") ||
      contains(said.documentation, "secondary-rate-limits") || contains(said.documentation, "abuse-rate-limits"))
    return Limit::kSecondary;
  if (contains(said.message, "rate limit exceeded")) return Limit::kPrimary;
  return response.status == 429 ? Limit::kSecondary : Limit::kNone;
}

bool worth_another_try(int status) { return status >= 500 || status == 408; }

Error error_of(const HttpResponse& response, const Said& said, std::string_view who, std::string_view credential) {
  const int status = response.status;
  std::string message = std::string(who) + " answered " + std::to_string(status);
  if (!said.message.empty()) message += ": " + said.message;
  auto error = [&](Code code, std::string hint) { return Error{code, std::move(message), std::move(hint), -1}; };
  switch (status) {
    case 202:
      return error(Code::kLimited, "the answer is being prepared: ask again in some seconds");
    case 400:
    case 406:
    case 413:
    case 414:
    case 415:
    case 422:
      return error(Code::kInvalid, "check the path and its parameters");
    case 401:
      return error(Code::kDenied, "the token of " + std::string(credential) + " is not valid (any more)");
    case 403:
      return error(Code::kDenied, denied_hint(response, credential));
    case 404:
      return error(Code::kNotFound, "check the name; what a token may not see is answered the same way");
    case 409:
      return error(Code::kNotFound, "a repository without commits is answered this way");
    case 410:
      return error(Code::kNotFound, "it was deleted, expired, or the feature is switched off");
    case 429:
      return error(Code::kLimited, "ask less often");
    case 451:
      return error(Code::kDenied, "it is not available for legal reasons");
    default:
      break;
  }
  if (worth_another_try(status)) return error(Code::kBroken, "try again; www.githubstatus.com tells of troubles");
  return error(Code::kBroken, "no answer that can be used: check GITHUB_API_URL");
}

}  // namespace rfs
