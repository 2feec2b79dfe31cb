#include "backends/http/redirect.h"

#include "tests/catch.h"

using namespace rfs;

namespace {
const std::string kStart = "https://api.github.com/repos/o/r";
}

TEST_CASE("URLs are taken apart, and odd ones refused", "[http]") {
  auto url = parse_url("HTTPS://API.GitHub.com/repos/o/r?a=b%2Fc&d");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "api.github.com");
  CHECK(url->port == "443");
  CHECK(url->path == "/repos/o/r");
  CHECK(url->query == "a=b%2Fc&d");
  CHECK(url->authority() == "api.github.com");
  CHECK(parse_url("http://127.0.0.1:8080/x")->authority() == "127.0.0.1:8080");
  CHECK(parse_url("https://h:443/")->authority() == "h");
  for (std::string_view bad : {"", "api.github.com", "ftp://h/", "file:///etc/passwd", "https://user:pw@h/",
                               "https://u@h/", "https://h/a b", "https://h/\n"})
    CHECK_FALSE(parse_url(bad));
}

TEST_CASE("a redirect within the host keeps the credential", "[http]") {
  for (std::string location : {"https://api.github.com/repositories/1", "/repositories/1",
                               "https://API.github.com:443/repositories/1", "//api.github.com/repositories/1"}) {
    Redirects redirects(kStart);
    REQUIRE(redirects.follow(location));
    CHECK(redirects.at_home());
    CHECK(parse_url(redirects.url())->path == "/repositories/1");
  }
}

TEST_CASE("another host, port or subdomain gets no credential", "[http]") {
  for (std::string location : {"https://codeload.github.com/x", "https://api.github.com:8443/x", "https://github.com/x",
                               "https://api.github.com.evil.example/x", "//evil.example/x"}) {
    Redirects redirects(kStart);
    REQUIRE(redirects.follow(location));
    CHECK_FALSE(redirects.at_home());
  }
}

TEST_CASE("a foreign server cannot steer a request with our credential by sending it back", "[http]") {
  Redirects redirects(kStart);
  REQUIRE(redirects.follow("https://evil.example/x"));
  REQUIRE(redirects.follow("https://api.github.com/user/emails"));
  CHECK_FALSE(redirects.at_home());
}

TEST_CASE("https never becomes http, and the message holds no signed query", "[http]") {
  Redirects redirects(kStart);
  auto followed = redirects.follow("http://blob.example/log?sig=SECRET");
  REQUIRE_FALSE(followed);
  CHECK(followed.error().code == Code::kBroken);
  CHECK(followed.error().message.find("SECRET") == std::string::npos);
  CHECK(followed.error().message.find("blob.example/log") != std::string::npos);
}

TEST_CASE("a loop and a sixth hop are refused", "[http]") {
  Redirects loop(kStart);
  REQUIRE(loop.follow("/a"));
  CHECK(loop.follow("/repos/o/r").error().code == Code::kLoop);
  Redirects self(kStart);
  CHECK(self.follow(kStart).error().code == Code::kLoop);
  Redirects many(kStart);
  for (int i = 0; i < 5; ++i) REQUIRE(many.follow("/hop" + std::to_string(i)));
  CHECK(many.follow("/hop5").error().code == Code::kLoop);
}

TEST_CASE("locations that are no URL are broken answers", "[http]") {
  for (std::string_view location :
       {"", "ftp://x/", "javascript:alert(1)", "https://user:pw@x/", "file:///etc/passwd"}) {
    Redirects redirects(kStart);
    auto followed = redirects.follow(location);
    REQUIRE_FALSE(followed);
    CHECK(followed.error().code == Code::kBroken);
    CHECK(redirects.url() == kStart);
  }
}

TEST_CASE("the statuses that redirect are five", "[http]") {
  for (int status : {301, 302, 303, 307, 308}) CHECK(is_redirect(status));
  for (int status : {200, 300, 304, 305, 306, 400}) CHECK_FALSE(is_redirect(status));
}
