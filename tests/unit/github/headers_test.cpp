#include "backends/http/headers.h"

#include "backends/http/links.h"
#include "tests/catch.h"

using namespace rfs;

TEST_CASE("header names match in any case and values lose their outer space", "[http]") {
  HeaderList headers;
  REQUIRE(headers.add_line("ETag:  \"abc\" \r\n"));
  REQUIRE(headers.add_line("Vary: Accept"));
  REQUIRE(headers.add_line("vary: Authorization"));
  CHECK(headers.get("etag") == "\"abc\"");
  CHECK(headers.get("VARY") == "Accept");
  CHECK(headers.all("Vary") == "Accept, Authorization");
  CHECK(headers.get("link").empty());
  CHECK_FALSE(headers.has("link"));
  headers.set("vary", "Cookie");
  CHECK(headers.all("vary") == "Cookie");
}

TEST_CASE("lines that are no header, and too many, are refused", "[http]") {
  HeaderList headers;
  for (std::string_view bad : {"", "no colon", ": no name", "sp ace: x", " folded: x"})
    CHECK_FALSE(headers.add_line(bad));
  CHECK_FALSE(headers.add_line(std::string_view("nul: a\0b", 8)));
  for (std::size_t i = 0; i < HeaderList::kMostLines; ++i) REQUIRE(headers.add_line("x: y"));
  CHECK_FALSE(headers.add_line("x: y"));
  HeaderList large;
  CHECK_FALSE(large.add_line("x: " + std::string(HeaderList::kMostBytes, 'y')));
}

TEST_CASE("Cache-Control says max-age and no-store among other things", "[http]") {
  auto control = parse_cache_control("private, max-age=60, s-maxage=90");
  CHECK(control.max_age == 60);
  CHECK_FALSE(control.no_store);
  CHECK(parse_cache_control("No-Store").no_store);
  CHECK(parse_cache_control("no-cache=\"x\"").no_cache);
  CHECK(parse_cache_control("max-age=\"7\"").max_age == 7);
  CHECK(parse_cache_control("max-age=9, max-age=5").max_age == 5);
  CHECK(parse_cache_control("max-age=-5").max_age == 0);
  CHECK(parse_cache_control("max-age=99999999999999999999").max_age == 0);
  CHECK_FALSE(parse_cache_control("max-age").max_age);
  CHECK_FALSE(parse_cache_control(",,=,;").max_age);
}

TEST_CASE("dates of HTTP are read, others are not", "[http]") {
  CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(parse_http_date("Tue, 19 Jul 2022 04:37:49 GMT") == 1658205469);
  CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT") == 1709251199);
  for (std::string_view bad :
       {"", "Tue, 19 Jul 2022 04:37:49", "Tue, 19 Jul 2022 24:37:49 GMT", "Tue, 19 Foo 2022 04:37:49 GMT",
        "Tuesday, 19-Jul-22 04:37:49 GMT", "Tue, 1a Jul 2022 04:37:49 GMT"})
    CHECK_FALSE(parse_http_date(bad));
}

TEST_CASE("Retry-After is seconds or a date, never negative", "[http]") {
  CHECK(parse_retry_after("30", 1000) == 30);
  CHECK(parse_retry_after("Thu, 01 Jan 1970 00:00:50 GMT", 20) == 30);
  CHECK(parse_retry_after("Thu, 01 Jan 1970 00:00:50 GMT", 60) == 0);
  CHECK_FALSE(parse_retry_after("soon", 0));
  CHECK_FALSE(parse_retry_after("-1", 0));
}

TEST_CASE("rate headers are numbers and a harmless name", "[http]") {
  HeaderList headers;
  headers.add_line("X-RateLimit-Limit: 5000");
  headers.add_line("X-RateLimit-Remaining: 0");
  headers.add_line("X-RateLimit-Reset: 1658208999");
  headers.add_line("X-RateLimit-Resource: code_search");
  auto rate = parse_rate_headers(headers);
  CHECK(rate.present());
  CHECK(rate.limit == 5000);
  CHECK(rate.remaining == 0);
  CHECK(rate.used == -1);
  CHECK(rate.resource == "code_search");
  headers.set("x-ratelimit-resource", "a\"} evil");
  headers.set("x-ratelimit-remaining", "many");
  rate = parse_rate_headers(headers);
  CHECK(rate.resource.empty());
  CHECK_FALSE(rate.present());
}

TEST_CASE("links are found by relation", "[http]") {
  const std::string github =
      "<https://api.github.com/repositories/1/issues?per_page=3&page=2>; rel=\"next\", "
      "<https://api.github.com/repositories/1/issues?per_page=3&page=5>; rel=\"last\"";
  CHECK(link_target(github, "next") == "https://api.github.com/repositories/1/issues?per_page=3&page=2");
  CHECK(link_target(github, "last").ends_with("page=5"));
  CHECK(link_target(github, "prev").empty());
  CHECK(link_target("<a>;rel=next", "next") == "a");
  CHECK(link_target("<a>; title=\"x, <b>; rel=next\"; rel=prev , <c>; REL=\"first NEXT\"", "next") == "c");
  CHECK(link_target("<a>; rel=prev; rel=next", "next").empty());
  CHECK(link_target("<a,b;c>; rel=next", "next") == "a,b;c");
}

TEST_CASE("broken links end the list and harm nothing", "[http]") {
  for (std::string_view bad :
       {"", "<", "<a", "a>; rel=next", "<a>; rel=\"next", "<a>; =; ;;", "<a> rel=next", ",,,", "<a>; rel=\"\\"})
    CHECK(link_target(bad, "next").empty());
  CHECK(parse_links("<a>; rel=next, nonsense, <b>; rel=last").size() == 1);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "<a>; rel=x,";
  CHECK(parse_links(many).size() == 64);
}
