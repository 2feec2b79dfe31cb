// libFuzzer: what a server's header lines can do to the parsers that caching and limits depend on. Beside not crashing:
// what was taken as a header is found again, and no parser gives a value outside its range.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backends/github/etag.h"
#include "backends/http/headers.h"
#include "backends/http/links.h"
#include "backends/http/redirect.h"
#include "base/text.h"

namespace {

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

void fuzz_line(rfs::HeaderList& headers, std::string_view line) {
  if (!headers.add_line(line)) return;
  const std::string_view name = line.substr(0, line.find(':'));
  require(headers.has(name));
  require(headers.all(name).find(rfs::trimmed(line.substr(name.size() + 1))) != std::string::npos);
}

void fuzz_value(std::string_view value) {
  const auto links = rfs::parse_links(value);
  require(links.size() <= 64);
  for (const rfs::Link& link : links) require(value.find(link.target) != std::string_view::npos);
  rfs::link_target(value, "next");
  if (const auto age = rfs::parse_cache_control(value).max_age) require(*age >= 0);
  if (const auto wait = rfs::parse_retry_after(value, 1'700'000'000.0)) require(*wait >= 0);
  rfs::parse_http_date(value);
  require(!rfs::is_hash_tag(value) || rfs::same_tag(value, value));
  rfs::Redirects redirects("https://api.github.com/repos/o/r");
  if (redirects.follow(value)) {
    const auto url = rfs::parse_url(redirects.url());
    require(url && url->scheme == "https");
    require(redirects.at_home() == (url->host == "api.github.com" && url->port == "443"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  fuzz_value(rest);
  rfs::HeaderList headers;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
    fuzz_line(headers, line);
    fuzz_value(line.substr(std::min(line.find(':'), line.size() - 1) + 1));
    rest.remove_prefix(line.size());
  }
  const rfs::RateHeaders rate = rfs::parse_rate_headers(headers);
  require(rate.limit >= -1 && rate.remaining >= -1 && rate.reset >= -1 && rate.resource.size() <= 40);
  return 0;
}
