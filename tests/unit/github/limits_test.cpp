#include "backends/github/rate.h"
#include "backends/github/retry.h"
#include "backends/github/verdict.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

HeaderList rate_headers(const FakeClock& clock, int limit, int remaining, int reset_in,
                        const std::string& resource = "core") {
  HeaderList headers;
  headers.set("x-ratelimit-limit", std::to_string(limit));
  headers.set("x-ratelimit-remaining", std::to_string(remaining));
  headers.set("x-ratelimit-reset", std::to_string(static_cast<long>(clock.wall()) + reset_in));
  headers.set("x-ratelimit-resource", resource);
  return headers;
}

HttpResponse response_of(int status, std::vector<std::pair<std::string, std::string>> headers, std::string body = "") {
  HttpResponse response;
  response.status = status;
  for (auto& [name, value] : headers) response.headers.set(name, value);
  response.body = std::move(body);
  return response;
}

}  // namespace

TEST_CASE("a window that is used up closes its resource for its credential until a second after its reset",
          "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  limits.note("a", "", "/user", rate_headers(clock, 5000, 0, 100), true);
  auto gate = limits.gate("a", "core");
  REQUIRE(gate);
  CHECK_FALSE(gate->secondary);
  CHECK(gate->until == Approx(clock.wall() + 101));
  CHECK_FALSE(limits.gate("a", "search"));
  CHECK_FALSE(limits.gate("b", "core"));
  clock.advance(100.5);
  CHECK(limits.gate("a", "core"));
  clock.advance(1);
  CHECK_FALSE(limits.gate("a", "core"));
}

TEST_CASE("the server's own clock counts, not ours", "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  HeaderList headers;
  headers.set("date", "Thu, 01 Jan 1970 00:01:40 GMT");  // 100: this machine is decades ahead
  headers.set("x-ratelimit-remaining", "0");
  headers.set("x-ratelimit-limit", "60");
  headers.set("x-ratelimit-reset", "160");
  limits.note("a", "", "/user", headers, true);
  REQUIRE(limits.gate("a", "core"));
  clock.set_wall(0);  // and steps
  CHECK(limits.gate("a", "core"));
  clock.advance(61.5);
  CHECK_FALSE(limits.gate("a", "core"));
}

TEST_CASE("no headers, no limit", "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  limits.note("a", "", "/user", HeaderList(), true);
  CHECK_FALSE(limits.gate("a", "core"));
  CHECK_FALSE(limits.low("a", "core", 50));
  CHECK(limits.windows("a").empty());
}

TEST_CASE("a resource is guessed by path and learnt from answers", "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  CHECK(limits.resource("/search/code", "/search/code") == "code_search");
  CHECK(limits.resource("/search/issues", "/search/issues") == "search");
  CHECK(limits.resource("/orgs/{org}/audit-log", "/orgs/o/audit-log") == "core");
  limits.note("a", "/orgs/{org}/audit-log", "/orgs/o/audit-log", rate_headers(clock, 1750, 5, 60, "audit_log"), true);
  CHECK(limits.resource("/orgs/{org}/audit-log", "/orgs/p/audit-log") == "audit_log");
}

TEST_CASE("low is little of the limit, for large and small ones", "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  auto low = [&](int limit, int remaining) {
    RateLimits fresh(clock);
    fresh.note("a", "", "/user", rate_headers(clock, limit, remaining, 100), true);
    return fresh.low("a", "core", 50);
  };
  CHECK(low(5000, 50));
  CHECK_FALSE(low(5000, 51));
  CHECK_FALSE(low(60, 50));
  CHECK(low(60, 6));
  limits.note("a", "", "/user", rate_headers(clock, 5000, 1, 10), true);
  clock.advance(11);
  CHECK_FALSE(limits.low("a", "core", 50));
}

TEST_CASE("an older answer that arrives late does not raise what is left", "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  const HeaderList newer = rate_headers(clock, 5000, 10, 100), older = rate_headers(clock, 5000, 90, 100);
  limits.note("a", "", "/user", newer, true);
  limits.note("a", "", "/user", older, true);
  REQUIRE(limits.windows("a").size() == 1);
  CHECK(limits.windows("a")[0].remaining == 10);
  limits.note("a", "", "/user", rate_headers(clock, 5000, 4999, 3700), true);  // the next window
  CHECK(limits.windows("a")[0].remaining == 4999);
}

TEST_CASE("secondary limits close the whole credential, Retry-After first, else a minute doubling", "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  HeaderList retry;
  retry.set("retry-after", "7");
  limits.secondary("a", retry);
  CHECK(limits.gate("a", "core")->secondary);
  CHECK(limits.gate("a", "search")->secondary);
  CHECK_FALSE(limits.gate("b", "core"));
  clock.advance(7.1);
  REQUIRE_FALSE(limits.gate("a", "core"));

  RateLimits growing(clock);
  double before = 30;
  for (int i = 0; i < 7; ++i) {
    const double wait = growing.secondary("a", HeaderList()).until - clock.wall();
    CHECK(wait == Approx(std::min(before * 2, 960.0)).margin(0.01));
    // A second one that was under way meanwhile is the same strike.
    CHECK(growing.secondary("a", HeaderList()).until - clock.wall() == Approx(wait).margin(0.01));
    before = wait;
    clock.advance(wait + 1);
  }
  growing.note("a", "", "/user", HeaderList(), true);
  CHECK(growing.secondary("a", HeaderList()).until - clock.wall() == Approx(60).margin(0.01));
}

TEST_CASE("no server closes us for longer than two hours", "[limits]") {
  FakeClock clock;
  RateLimits limits(clock);
  HeaderList retry;
  retry.set("retry-after", "99999999");
  CHECK(limits.secondary("a", retry).until - clock.wall() == Approx(7200));
  CHECK(limits.primary("b", "core", retry).until - clock.wall() == Approx(7200));
}

TEST_CASE("403 and 429 alike are limits or permissions by what they say", "[limits]") {
  auto verdict = [](const HttpResponse& response) { return limit_of(response, what_it_said(response.body)); };
  for (int status : {403, 429}) {
    CHECK(verdict(response_of(status, {{"x-ratelimit-remaining", "0"}})) == Limit::kPrimary);
    CHECK(verdict(response_of(status, {{"retry-after", "5"}})) == Limit::kSecondary);
    CHECK(verdict(response_of(status, {}, R"({"message":"You have exceeded a secondary rate limit."})")) ==
          Limit::kSecondary);
    CHECK(verdict(response_of(status, {}, R"({"documentation_url":"https://docs.github.com/x#abuse-rate-limits"})")) ==
          Limit::kSecondary);
    CHECK(verdict(response_of(status, {}, R"({"message":"API rate limit exceeded for 1.2.3.4."})")) == Limit::kPrimary);
  }
  CHECK(verdict(response_of(403, {}, R"({"message":"Resource not accessible by integration"})")) == Limit::kNone);
  CHECK(verdict(response_of(429, {})) == Limit::kSecondary);
  CHECK(verdict(response_of(404, {{"retry-after", "5"}})) == Limit::kNone);
}

TEST_CASE("each status has one meaning", "[limits]") {
  const std::pair<int, Code> table[] = {
      {202, Code::kLimited},  {400, Code::kInvalid},  {401, Code::kDenied},   {403, Code::kDenied},
      {404, Code::kNotFound}, {409, Code::kNotFound}, {410, Code::kNotFound}, {422, Code::kInvalid},
      {429, Code::kLimited},  {451, Code::kDenied},   {500, Code::kBroken},   {502, Code::kBroken},
      {503, Code::kBroken},   {504, Code::kBroken},   {206, Code::kBroken},   {418, Code::kBroken}};
  for (auto [status, code] : table) {
    const Error error = error_of(response_of(status, {}), Said{}, "GitHub", "GITHUB_TOKEN");
    CAPTURE(status);
    CHECK(error.code == code);
    CHECK(error.message == "GitHub answered " + std::to_string(status));
    CHECK_FALSE(error.hint.empty());
  }
  CHECK(worth_another_try(503));
  CHECK_FALSE(worth_another_try(404));
}

TEST_CASE("GitHub's own words are told, bounded and without control bytes", "[limits]") {
  const Said said = what_it_said(R"({"message":"Bad\ncredentials\u001b[31m","documentation_url":"https://docs"})");
  CHECK(said.message == "Bad credentials [31m");
  CHECK(what_it_said("{\"message\":\"" + std::string(1000, 'x') + "\"}").message.size() == 200);
  CHECK(what_it_said("<html>").message.empty());
  CHECK(what_it_said("[1]").message.empty());
  CHECK(what_it_said(R"({"message":7})").message.empty());
  CHECK(what_it_said("{\"message\":\"" + std::string(100'000, 'x') + "\"}").message.empty());
}

TEST_CASE("what a 403 asks for is told, a link for single sign-on is not", "[limits]") {
  auto hint =
      error_of(response_of(403, {{"x-accepted-github-permissions", "contents=read"}}), Said{}, "GitHub", "GH_TOKEN")
          .hint;
  CHECK(hint.find("contents=read") != std::string::npos);
  CHECK(hint.find("GH_TOKEN") != std::string::npos);
  hint =
      error_of(response_of(
                   403, {{"x-github-sso", "required; url=https://github.com/orgs/o/sso?authorization_request=SECRET"}}),
               Said{}, "GitHub", "GH_TOKEN")
          .hint;
  CHECK(hint.find("single sign-on") != std::string::npos);
  CHECK(hint.find("SECRET") == std::string::npos);
}

TEST_CASE("another try waits longer each time, with jitter, or as long as it was told", "[limits]") {
  for (int i = 0; i < 50; ++i) {
    CHECK(quick_delay(1) >= Millis(25));
    CHECK(quick_delay(1) <= Millis(75));
    CHECK(quick_delay(2) >= Millis(100));
    CHECK(patient_delay(1, HeaderList(), 0) >= Millis(125));
    CHECK(patient_delay(2, HeaderList(), 0) <= Millis(1500));
  }
  HeaderList headers;
  headers.set("retry-after", "3");
  CHECK(patient_delay(1, headers, 0) == Millis(3000));
}
