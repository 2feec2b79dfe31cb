#include "backends/actions/web.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "backends/http/url.h"

namespace rfs {
namespace {

constexpr double kUnsaidWait = 30;  // seconds, of a 429 without Retry-After

void pause_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// Up to half more: runners that were started together do not come back together.
double jittered(double seconds) { return seconds * (1 + randombytes_uniform(1000) / 2000.0); }

bool comes_back(int status) { return status == 500 || status == 502 || status == 503 || status == 504; }

}  // namespace

HttpResult Web::once(HttpRequest request) {
  auto promise = std::make_shared<std::promise<HttpResult>>();
  auto answer = promise->get_future();
  transport_.send(std::move(request), [promise](HttpResult result) { promise->set_value(std::move(result)); });
  return answer.get();
}

Result<HttpResponse> Web::ask(const HttpRequest& request) {
  double pause = patience_.first_pause, patience = patience_.longest_wait;
  for (int tried = 1;; ++tried) {
    HttpResult result = once(request);
    const bool last = tried >= patience_.tries;
    if (!result) {
      if (!result.error().transient || last) return fail(std::move(result.error().error));
    } else if (result->status == 429) {
      const auto named = parse_retry_after(result->headers.get("retry-after"), SystemClock().wall());
      const double wait = std::max(named.value_or(kUnsaidWait), 0.1);
      if (wait > patience || last)
        return fail(Code::kLimited, fmt::format("{} asks to wait {:.0f} s", redacted_url(request.url), wait),
                    "too many runners use the cache at once; a later job tries again");
      patience -= wait;
      pause_for(wait);
      continue;
    } else if (!comes_back(result->status) || last) {
      return std::move(*result);
    }
    pause_for(jittered(pause));
    pause *= 2;
  }
}

std::shared_ptr<const SecretBytes> bearer(const SecretBytes& token) {
  constexpr std::string_view kScheme = "Bearer ";
  auto out = std::make_shared<SecretBytes>(kScheme.size() + token.size());
  std::copy(kScheme.begin(), kScheme.end(), out->reveal_mutable().begin());
  std::copy(token.reveal().begin(), token.reveal().end(),
            out->reveal_mutable().begin() + static_cast<std::ptrdiff_t>(kScheme.size()));
  return out;
}

}  // namespace rfs
