#include "backends/http/url.h"

#include <curl/curl.h>

#include "base/handle.h"

namespace rfs {

namespace {

using UrlHandle = Handle<CURLU, curl_url_cleanup>;

std::string part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

bool has_control(std::string_view text) {
  for (unsigned char c : text)
    if (c <= 0x20 || c == 0x7f) return true;
  return false;
}

tl::unexpected<Error> no_url(std::string_view why) {
  return fail(Code::kInvalid, "not a usable URL: " + std::string(why));
}

Result<> check(CURLU* url) {
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return no_url("neither http nor https");
  if (part(url, CURLUPART_HOST).empty()) return no_url("no host");
  char* text = nullptr;
  for (CURLUPart secret : {CURLUPART_USER, CURLUPART_PASSWORD}) {
    if (curl_url_get(url, secret, &text, 0) != CURLUE_OK) continue;
    curl_free(text);
    return no_url("it names a user");
  }
  return {};
}

}  // namespace

std::string Url::authority() const {
  const bool usual = port == (scheme == "https" ? "443" : "80");
  return usual ? host : host + ":" + port;
}

Result<Url> parse_url(std::string_view text) {
  if (has_control(text)) return no_url("it holds a space or a control byte");
  UrlHandle handle(curl_url());
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_PATH_AS_IS) != CURLUE_OK)
    return no_url("it does not parse");
  TRY(check(handle.get()));
  return Url{lower(part(handle.get(), CURLUPART_SCHEME)), lower(part(handle.get(), CURLUPART_HOST)),
             part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT), part(handle.get(), CURLUPART_PATH),
             part(handle.get(), CURLUPART_QUERY)};
}

Result<std::string> resolve_url(const std::string& base, std::string_view location) {
  if (location.empty()) return no_url("it is empty");
  if (has_control(location)) return no_url("it holds a space or a control byte");
  UrlHandle handle(curl_url());
  // The second call resolves against the first.
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, base.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(location).c_str(), CURLU_PATH_AS_IS) != CURLUE_OK)
    return no_url("it does not parse");
  TRY(check(handle.get()));
  curl_url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return part(handle.get(), CURLUPART_URL);
}

std::string redacted_url(std::string_view text) {
  auto url = parse_url(text);
  if (!url) return "a URL that does not parse";
  return url->scheme + "://" + url->authority() + url->path + (url->query.empty() ? "" : "?…");
}

}  // namespace rfs
