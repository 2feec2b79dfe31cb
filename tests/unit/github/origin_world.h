// An Origin in front of HttpServers, with everything that it needs. https://api.test is the API, so that rules which
// hold for https alone can be tested; the transport underneath speaks plain http to the servers that a test gives names
// to.
#pragma once

#include <future>
#include <map>
#include <memory>
#include <string>

#include "backends/github/etag.h"
#include "backends/github/origin.h"
#include "backends/github/request.h"
#include "backends/http/client.h"
#include "crypto/hash.h"
#include "tests/catch.h"
#include "tests/unit/github/http_server.h"

namespace rfs {

inline constexpr const char* kJsonType = "application/vnd.github+json";

// "https://name.test/x" → "http://127.0.0.1:PORT/x".
class NamedHosts final : public Transport {
 public:
  NamedHosts(std::map<std::string, std::string> hosts, unsigned in_flight)
      : hosts_(std::move(hosts)), client_({.plain_http = true, .max_in_flight = in_flight, .stalled_seconds = 5}) {}
  void send(HttpRequest request, HttpDone done) override {
    for (const auto& [name, where] : hosts_)
      if (request.url.starts_with(name + "/")) request.url = where + request.url.substr(name.size());
    client_.send(std::move(request), std::move(done));
  }
  void after(Millis delay, std::function<void(bool)> fire) override { client_.after(delay, std::move(fire)); }
  void stop() override { client_.stop(); }

 private:
  const std::map<std::string, std::string> hosts_;
  HttpClient client_;
};

inline IdentityOptions with_token(const std::string& token) {
  IdentityOptions options;
  options.env_token = SecretBytes::copy_of(token);
  options.env_name = "GITHUB_TOKEN";
  options.ask_gh = false;
  return options;
}

inline SecretBytes authorization_of(const std::string& token) { return SecretBytes::copy_of("Bearer " + token); }

inline std::shared_ptr<ApiRequest> request_for(std::string path, std::string query = "",
                                               std::string accept = kJsonType) {
  auto request = std::make_shared<ApiRequest>();
  request->display = path.substr(1) + ".json";
  request->path = std::move(path);
  request->query = std::move(query);
  request->accept = std::move(accept);
  return request;
}

using Asked = Result<std::optional<Answer>>;

struct World {
  explicit World(const std::string& token = "ghs_one", std::map<std::string, std::string> hosts = {},
                 OriginOptions options = {}, RouteOptions route_options = {}, unsigned in_flight = 64)
      : routes(route_options), identities(with_token(token), sha256, clock) {
    if (hosts.empty()) return;
    if (options.base_url == OriginOptions{}.base_url) options.base_url = "https://api.test";
    origin = std::make_unique<Origin>(options, routes, identities, clock, pool, counters, errors,
                                      std::make_unique<NamedHosts>(hosts, in_flight));
  }

  Asked ask(Ask question) {
    std::promise<Asked> promise;
    auto future = promise.get_future();
    origin->ask(std::move(question), [&](Asked asked) { promise.set_value(std::move(asked)); });
    REQUIRE(future.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    return future.get();
  }
  Asked ask(std::string path, EntryPtr own = nullptr, EntryPtr shared = nullptr) {
    return ask(Ask{request_for(std::move(path)), std::move(own), std::move(shared), {}});
  }
  // What the ask answers; the test fails when it does not.
  Answer get(std::string path, EntryPtr own = nullptr, EntryPtr shared = nullptr) {
    Asked asked = ask(std::move(path), std::move(own), std::move(shared));
    if (!asked) FAIL("asked: " << asked.error().message);
    REQUIRE(asked->has_value());
    return **asked;
  }
  Error error(std::string path, EntryPtr own = nullptr) {
    Asked asked = ask(std::move(path), std::move(own));
    REQUIRE_FALSE(asked);
    return asked.error();
  }

  SystemClock clock;
  Pool pool{2, "test"};
  Counters counters;
  ErrorRing errors{clock, counters};
  Routes routes;
  IdentitySource identities;
  std::unique_ptr<Origin> origin;
};

inline std::string body_of(const EntryPtr& entry) { return std::string(entry->body->in_memory()); }

// GitHub's answer to a request for `body`: ETag by the formula, 304 when the request has it.
inline Say as_github(const Seen& seen, const std::string& body, bool weak = false) {
  const SecretBytes authorization = SecretBytes::copy_of(seen.get("authorization"));
  const std::string tag = etag_of(seen.get("accept"), authorization, body);
  Say say;
  say.headers = {{"ETag", (weak ? "W/" : "") + tag}, {"Cache-Control", "private, max-age=60, s-maxage=60"}};
  if (same_tag(seen.get("if-none-match"), tag))
    say.status = 304;
  else
    say.body = body;
  return say;
}

}  // namespace rfs
