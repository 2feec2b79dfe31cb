#include "backends/http/client.h"

#include <future>

#include "tests/catch.h"
#include "tests/unit/github/http_server.h"

using namespace rfs;
using How = Say::How;

namespace {

HttpResult get(HttpClient& client, HttpRequest request) {
  std::promise<HttpResult> promise;
  auto future = promise.get_future();
  client.send(std::move(request), [&](HttpResult result) { promise.set_value(std::move(result)); });
  REQUIRE(future.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
  return future.get();
}
HttpRequest to(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}
HttpClientOptions plain() { return {.plain_http = true}; }
HttpServer::Script always(Say say) {
  return [say](const Seen&) { return say; };
}

}  // namespace

TEST_CASE("an answer comes back whole, over a connection that is kept", "[http]") {
  HttpServer server(always({.status = 200, .body = "hello", .headers = {{"ETag", "\"x\""}}}));
  HttpClient client(plain());
  for (int i = 0; i < 3; ++i) {
    auto result = get(client, to(server.url() + "/a?b=c"));
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->body == "hello");
    CHECK(result->headers.get("etag") == "\"x\"");
    CHECK(result->end_known);
  }
  CHECK(server.seen()[0].target == "/a?b=c");
  CHECK(server.connections() == 1);
}

TEST_CASE("Authorization is sent as given, and compression is offered", "[http]") {
  HttpServer server(always({}));
  HttpClient client(plain());
  HttpRequest request = to(server.url() + "/");
  request.headers = {{"Accept", "x/y"}};
  request.authorization = std::make_shared<const SecretBytes>(SecretBytes::copy_of("Bearer abc"));
  REQUIRE(get(client, std::move(request)));
  const Seen seen = server.seen()[0];
  CHECK(seen.get("authorization") == "Bearer abc");
  CHECK(seen.get("accept") == "x/y");
  CHECK(seen.get("accept-encoding").find("gzip") != std::string::npos);
  CHECK_FALSE(seen.has("cookie"));
  CHECK_FALSE(seen.has("user-agent"));
}

TEST_CASE("a compressed body arrives decoded, and its size is that of the decoded bytes", "[http]") {
  // head -c 1000 /dev/zero | tr '\\0' a | gzip -n
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x1c\x05\xa3\x60\x14\x0c\x77\x00\x00\x03\xda\x38\x9a\xe8\x03\x00"
      "\x00",
      29);
  HttpServer server(always({.status = 200, .body = gzip, .headers = {{"Content-Encoding", "gzip"}}}));
  HttpClient client(plain());
  auto result = get(client, to(server.url() + "/"));
  REQUIRE(result);
  CHECK(result->body == std::string(1000, 'a'));
  HttpRequest small = to(server.url() + "/");
  small.max_body = 999;
  CHECK(get(client, std::move(small)).error().error.code == Code::kTooLarge);
}

TEST_CASE("redirects are not followed here", "[http]") {
  HttpServer server(always({.status = 302, .headers = {{"Location", "/b"}}}));
  HttpClient client(plain());
  auto result = get(client, to(server.url() + "/a"));
  REQUIRE(result);
  CHECK(result->status == 302);
  CHECK(server.count() == 1);
}

TEST_CASE("an answer that breaks off is never taken for a whole one", "[http]") {
  for (How how : {How::kCut, How::kChunkCut, How::kReset}) {
    HttpServer server(always({.status = 200, .body = "0123456789", .how = how}));
    HttpClient client(plain());
    auto result = get(client, to(server.url() + "/"));
    REQUIRE_FALSE(result);
    CHECK(result.error().error.code == Code::kBroken);
    CHECK(result.error().transient);
  }
}

TEST_CASE("a body that ends with its connection says that its end is not known", "[http]") {
  HttpServer server(always({.status = 200, .body = "0123", .how = How::kNoLength}));
  HttpClient client(plain());
  auto result = get(client, to(server.url() + "/"));
  REQUIRE(result);
  CHECK_FALSE(result->end_known);
}

TEST_CASE("no answer in time is a timeout, before and within the body", "[http]") {
  for (How how : {How::kStall, How::kStallMid}) {
    HttpServer server(always({.status = 200, .body = "0123456789", .how = how}));
    HttpClient client(plain());
    HttpRequest request = to(server.url() + "/");
    request.timeout = Millis(200);
    auto result = get(client, std::move(request));
    REQUIRE_FALSE(result);
    CHECK(result.error().error.code == Code::kTimeout);
  }
}

TEST_CASE("a body that stops is ended before the deadline", "[http]") {
  HttpServer server(always({.status = 200, .body = "0123456789", .how = How::kStallMid}));
  HttpClient client({.plain_http = true, .stalled_seconds = 1});
  auto result = get(client, to(server.url() + "/"));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == Code::kTimeout);
}

TEST_CASE("requests that wait for a free place end in time too", "[http]") {
  HttpServer server(always({.how = How::kStall}));
  HttpClient client({.plain_http = true, .max_in_flight = 2});
  std::vector<std::future<Code>> futures;
  for (int i = 0; i < 20; ++i) {
    auto promise = std::make_shared<std::promise<Code>>();
    futures.push_back(promise->get_future());
    HttpRequest request = to(server.url() + "/");
    request.timeout = Millis(300);
    client.send(std::move(request), [promise](HttpResult result) {
      promise->set_value(result ? Code::kBroken : result.error().error.code);
    });
  }
  for (auto& future : futures) CHECK(future.get() == Code::kTimeout);
  CHECK(server.count() <= 2);
}

TEST_CASE("a request that may not leave when its turn comes is not sent", "[http]") {
  HttpServer server(always({.body = "x"}));
  HttpClient client(plain());
  HttpRequest request = to(server.url() + "/");
  int asked = 0;
  request.may_leave = [&] { return ++asked > 1; };
  CHECK(get(client, request).error().error.code == Code::kLimited);
  CHECK(server.count() == 0);
  CHECK(get(client, request));
  CHECK(asked == 2);
}

TEST_CASE("no server, no name, no HTTP: each says so", "[http]") {
  HttpClient client(plain());
  std::string closed;
  {
    HttpServer gone(always({}));
    closed = gone.url();
  }
  auto refused = get(client, to(closed + "/"));
  CHECK(refused.error().error.code == Code::kUnreachable);
  CHECK(refused.error().transient);
  CHECK(get(client, to("http://no-such-name.invalid/")).error().error.code == Code::kUnreachable);
  HttpServer silent(always({.how = How::kClose}));
  auto closes = get(client, to(silent.url() + "/"));
  CHECK(closes.error().error.code == Code::kUnreachable);
  CHECK(closes.error().transient);
  HttpServer mail(always({.how = How::kNot}));
  auto not_http = get(client, to(mail.url() + "/"));
  CHECK(not_http.error().error.code == Code::kBroken);
  CHECK_FALSE(not_http.error().transient);
}

TEST_CASE("a server without TLS behind an https address is unreachable", "[http]") {
  HttpServer server(always({}));
  HttpClient client(plain());
  auto result = get(client, to("https://127.0.0.1:" + std::to_string(server.port()) + "/"));
  REQUIRE_FALSE(result);
  CHECK(result.error().error.code == Code::kUnreachable);
  CHECK_FALSE(result.error().error.hint.empty());
  HttpClient no_ca({.ca_file = "/no/such/ca.pem"});
  CHECK(get(no_ca, to("https://127.0.0.1:" + std::to_string(server.port()) + "/")).error().error.code ==
        Code::kUnreachable);
}

TEST_CASE("plain http is refused unless the base URL says so", "[http]") {
  HttpServer server(always({}));
  HttpClient client(HttpClientOptions{});
  CHECK_FALSE(get(client, to(server.url() + "/")));
  CHECK_FALSE(get(client, to("file:///etc/passwd")));
  CHECK_FALSE(get(client, to("ftp://127.0.0.1/")));
  CHECK(server.count() == 0);
}

TEST_CASE("too large is refused by length at once, and by count where no length is told", "[http]") {
  HttpServer server([](const Seen& seen) {
    return Say{.body = std::string(5000, 'x'), .how = seen.target == "/unknown" ? How::kNoLength : How::kWhole};
  });
  HttpClient client(plain());
  for (const char* path : {"/known", "/unknown"}) {
    HttpRequest request = to(server.url() + path);
    request.max_body = 4999;
    auto result = get(client, std::move(request));
    REQUIRE_FALSE(result);
    CHECK(result.error().error.code == Code::kTooLarge);
    CHECK_FALSE(result.error().transient);
  }
  HttpRequest fits = to(server.url() + "/known");
  fits.max_body = 5000;
  CHECK(get(client, std::move(fits)));
}

TEST_CASE("headers without end are a broken answer", "[http]") {
  Say say;
  for (int i = 0; i < 300; ++i) say.headers.emplace_back("X-" + std::to_string(i), "y");
  HttpServer server(always(say));
  HttpClient client(plain());
  CHECK(get(client, to(server.url() + "/")).error().error.code == Code::kBroken);
}

TEST_CASE("the body of a 200 can be left out, that of an error not", "[http]") {
  HttpServer server([](const Seen& seen) { return Say{.status = seen.target == "/ok" ? 200 : 403, .body = "words"}; });
  HttpClient client(plain());
  for (const char* path : {"/ok", "/no"}) {
    HttpRequest request = to(server.url() + path);
    request.skip_ok_body = true;
    auto result = get(client, std::move(request));
    REQUIRE(result);
    CHECK(result->status == (std::string(path) == "/ok" ? 200 : 403));
    CHECK(result->body == (std::string(path) == "/ok" ? "" : "words"));
  }
}

TEST_CASE("stopping ends what is under way, what waits, and timers", "[http]") {
  HttpServer server(always({.how = How::kStall}));
  HttpClient client({.plain_http = true, .max_in_flight = 1});
  std::vector<std::future<Code>> futures;
  auto send = [&] {
    auto promise = std::make_shared<std::promise<Code>>();
    futures.push_back(promise->get_future());
    client.send(to(server.url() + "/"),
                [promise](HttpResult result) { promise->set_value(result.error().error.code); });
  };
  send();
  send();
  std::promise<bool> fired;
  client.after(Millis(100'000), [&](bool in_time) { fired.set_value(in_time); });
  client.stop();
  send();
  for (auto& future : futures) {
    REQUIRE(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    CHECK(future.get() == Code::kAborted);
  }
  CHECK_FALSE(fired.get_future().get());
  bool late = true;
  client.after(Millis(0), [&](bool in_time) { late = in_time; });
  CHECK_FALSE(late);
}

TEST_CASE("a callback may send again, and timers fire in order", "[http]") {
  HttpServer server(always({.body = "x"}));
  HttpClient client(plain());
  std::promise<std::string> promise;
  std::string order;
  client.after(Millis(30), [&](bool) { order += "b"; });
  client.after(Millis(1), [&](bool) { order += "a"; });
  client.after(Millis(60), [&](bool) {
    client.send(to(server.url() + "/"), [&](HttpResult first) {
      client.send(to(server.url() + "/"),
                  [&, body = first->body](HttpResult second) { promise.set_value(order + body + second->body); });
    });
  });
  CHECK(promise.get_future().get() == "abxx");
}
