#include "tests/unit/github/origin_world.h"

using namespace rfs;
using How = Say::How;

namespace {

Say with_rate(int status, int remaining, const std::string& body = "{}") {
  const long reset = static_cast<long>(SystemClock().wall()) + 600;
  return {.status = status,
          .body = body,
          .headers = {{"X-RateLimit-Limit", "5000"},
                      {"X-RateLimit-Remaining", std::to_string(remaining)},
                      {"X-RateLimit-Reset", std::to_string(reset)},
                      {"X-RateLimit-Resource", "core"}}};
}

}  // namespace

TEST_CASE("each refusal has its code, and its line in errors.jsonl with GitHub's words and request id", "[origin]") {
  std::atomic<int> status{404};
  HttpServer server([&](const Seen&) {
    return Say{
        .status = status, .body = R"({"message":"Some Words"})", .headers = {{"X-GitHub-Request-Id", "ABCD:1234"}}};
  });
  World world("ghs_secret", {{"https://api.test", server.url()}});
  for (auto [code, error] : {std::pair{404, Code::kNotFound},
                             {410, Code::kNotFound},
                             {401, Code::kDenied},
                             {403, Code::kDenied},
                             {451, Code::kDenied},
                             {202, Code::kLimited},
                             {422, Code::kInvalid}}) {
    status = code;
    const std::size_t before = world.errors.size(), requests = server.count();
    CHECK(world.error("/repos/o/r").code == error);
    CHECK(world.errors.size() == before + 1);
    CHECK(server.count() == requests + 1);  // none of these is tried again
    const std::string lines = world.errors.jsonl();
    const std::string line = lines.substr(lines.rfind('\n', lines.size() - 2) + 1);
    CHECK(line.find("api/repos/o/r.json") != std::string::npos);
    CHECK(line.find("Some Words") != std::string::npos);
    CHECK(line.find("ABCD:1234") != std::string::npos);
    CHECK(line.find("ghs_secret") == std::string::npos);
  }
}

TEST_CASE("a 5xx is tried three times in all, then it is broken", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.status = 502}; });
  World world("ghs_one", {{"https://api.test", server.url()}});
  CHECK(world.error("/repos/o/r").code == Code::kBroken);
  CHECK(server.count() == 3);
  CHECK(world.counters.get(Counter::kRetries) == 2);
  CHECK(world.counters.get(Counter::kApiCallsMade) == 3);
  CHECK(world.errors.size() == 1);
}

TEST_CASE("what was transient is answered in the end", "[origin]") {
  for (How how : {How::kCut, How::kReset, How::kClose, How::kChunkCut}) {
    std::atomic<int> asked{0};
    HttpServer server([&](const Seen& seen) {
      Say say = as_github(seen, "[1,2,3]");
      if (asked++ == 0) say.how = how;
      return say;
    });
    World world("ghs_one", {{"https://api.test", server.url()}});
    CHECK(body_of(world.get("/repos/o/r").entry) == "[1,2,3]");
    CHECK(server.count() >= 2);
    CHECK(world.errors.size() == 0);
  }
}

TEST_CASE("a body that keeps breaking off is broken, one that stops until the deadline a timeout", "[origin]") {
  HttpServer cut([](const Seen&) { return Say{.body = "[1,2,3]", .how = How::kCut}; });
  World world("ghs_one", {{"https://api.test", cut.url()}});
  CHECK(world.error("/repos/o/r").code == Code::kBroken);
  CHECK(cut.count() == 3);
  HttpServer stalls([](const Seen&) { return Say{.body = "[1,2,3]", .how = How::kStallMid}; });
  World slow("ghs_one", {{"https://api.test", stalls.url()}}, {.timeout = Millis(300)});
  CHECK(slow.error("/repos/o/r").code == Code::kTimeout);
  CHECK(stalls.count() == 1);
}

TEST_CASE("the caller's deadline counts when it is the earlier one", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.how = How::kStall}; });
  World world("ghs_one", {{"https://api.test", server.url()}});
  auto asked = world.ask(Ask{request_for("/repos/o/r"), nullptr, nullptr, world.clock.steady() + Millis(200)});
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Code::kTimeout);
  asked = world.ask(Ask{request_for("/repos/o/r"), nullptr, nullptr, world.clock.steady() - Millis(1)});
  CHECK(asked.error().code == Code::kTimeout);
  CHECK(server.count() == 1);
}

TEST_CASE("no connection is unreachable after some tries", "[origin]") {
  std::string closed;
  {
    HttpServer gone([](const Seen&) { return Say{}; });
    closed = gone.url();
  }
  World world("ghs_one", {{"https://api.test", closed}});
  CHECK(world.error("/repos/o/r").code == Code::kUnreachable);
  CHECK(world.counters.get(Counter::kRetries) == 2);
}

TEST_CASE("Retry-After beyond the deadline is not waited for", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.status = 503, .headers = {{"Retry-After", "120"}}}; });
  World world("ghs_one", {{"https://api.test", server.url()}});
  CHECK(world.error("/repos/o/r").code == Code::kBroken);
  CHECK(server.count() == 1);
}

TEST_CASE("Retry-After of a 5xx is waited for when there is time", "[origin]") {
  std::atomic<int> asked{0};
  HttpServer server([&](const Seen& seen) {
    if (asked++ == 0) return Say{.status = 503, .headers = {{"Retry-After", "0"}}};
    return as_github(seen, "[]");
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  world.get("/repos/o/r");
  CHECK(server.count() == 2);
}

TEST_CASE("larger than allowed is refused", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.body = "[" + std::string(5000, ' ') + "]"}; });
  World world("ghs_one", {{"https://api.test", server.url()}}, {.max_object_size = 5000});
  CHECK(world.error("/repos/o/r").code == Code::kTooLarge);
  CHECK(server.count() == 1);
}

TEST_CASE("a used up window keeps every further request here, for its resource alone", "[origin]") {
  for (int status : {403, 429}) {
    HttpServer server([&](const Seen& seen) {
      if (seen.target.starts_with("/search/")) return Say{.body = "{}"};
      return with_rate(status, 0, R"({"message":"API rate limit exceeded"})");
    });
    World world("ghs_one", {{"https://api.test", server.url()}});
    const Error first = world.error("/repos/o/r");
    CHECK(first.code == Code::kLimited);
    CHECK(first.message.find("API rate limit exceeded") != std::string::npos);
    CHECK(world.error("/repos/o/s").code == Code::kLimited);
    CHECK(server.count() == 1);
    CHECK(world.counters.get(Counter::kRateLimited) == 2);
    world.get("/search/issues");
    REQUIRE(world.origin->windows().size() == 1);
    CHECK(world.origin->windows()[0].remaining == 0);
    CHECK(world.origin->windows()[0].blocked_until > world.clock.wall() + 500);
    CHECK(world.origin->prefer_stale(*request_for("/repos/o/r")));
    CHECK_FALSE(world.origin->prefer_stale(*request_for("/search/issues")));
  }
}

TEST_CASE("readers that queue up behind the first refusal are not sent after it", "[origin]") {
  HttpServer server([](const Seen&) { return with_rate(403, 0); });
  World world("ghs_one", {{"https://api.test", server.url()}}, {}, {}, 1);
  std::vector<std::future<Code>> futures;
  for (int i = 0; i < 50; ++i) {
    auto promise = std::make_shared<std::promise<Code>>();
    futures.push_back(promise->get_future());
    world.origin->ask(Ask{request_for("/repos/o/r" + std::to_string(i)), nullptr, nullptr, {}},
                      [promise](Asked asked) { promise->set_value(asked ? Code::kBroken : asked.error().code); });
  }
  for (auto& future : futures) CHECK(future.get() == Code::kLimited);
  CHECK(server.count() == 1);
  CHECK(world.counters.get(Counter::kApiCallsMade) == 1);
}

TEST_CASE("the last request of a window is answered, the next one is not sent", "[origin]") {
  HttpServer server([](const Seen&) { return with_rate(200, 0, "[]"); });
  World world("ghs_one", {{"https://api.test", server.url()}});
  world.get("/repos/o/r");
  CHECK(world.error("/repos/o/s").code == Code::kLimited);
  CHECK(server.count() == 1);
}

TEST_CASE("little left is said before it is gone", "[origin]") {
  std::atomic<int> remaining{51};
  HttpServer server([&](const Seen&) { return with_rate(200, remaining, "[]"); });
  World world("ghs_one", {{"https://api.test", server.url()}});
  world.get("/repos/o/r");
  CHECK_FALSE(world.origin->prefer_stale(*request_for("/repos/o/r")));
  remaining = 50;
  world.get("/repos/o/r");
  CHECK(world.origin->prefer_stale(*request_for("/repos/o/r")));
}

TEST_CASE("a secondary limit stops every request of the credential", "[origin]") {
  HttpServer server([](const Seen&) {
    return Say{.status = 403,
               .body = R"({"message":"You have exceeded a secondary rate limit"})",
               .headers = {{"Retry-After", "60"}}};
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  CHECK(world.error("/repos/o/r").code == Code::kLimited);
  CHECK(world.error("/search/issues").code == Code::kLimited);
  CHECK(server.count() == 1);
  World other("ghs_two", {{"https://api.test", server.url()}});
  CHECK(other.error("/repos/o/r").code == Code::kLimited);
  CHECK(server.count() == 2);
}

TEST_CASE("a renamed repository is followed with the credential, and kept under the asked name", "[origin]") {
  HttpServer server([](const Seen& seen) {
    if (seen.target == "/repos/o/old")
      return Say{.status = 301, .body = "{}", .headers = {{"Location", "https://api.test/repositories/7"}}};
    return as_github(seen, R"({"id":7})");
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr entry = world.get("/repos/o/old").entry;
  CHECK(entry->key.name == "old.json");
  CHECK(entry->meta.shareable);
  CHECK(server.seen().at(1).get("authorization") == "Bearer ghs_one");
  // Revalidation takes the same way with the same tag.
  CHECK_FALSE(world.get("/repos/o/old", entry).changed);
  CHECK(server.seen().at(2).get("if-none-match") == entry->meta.etag);
  CHECK(server.seen().at(3).get("if-none-match") == entry->meta.etag);
}

TEST_CASE("another host gets neither credential nor condition, and its validators are not kept", "[origin]") {
  HttpServer blob([](const Seen&) {
    return Say{.body = "log text",
               .headers = {{"ETag", "\"0x8D\""}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Limit", "9"}}};
  });
  HttpServer server([&](const Seen&) {
    return Say{.status = 302, .headers = {{"Location", "https://blob.test/log?sig=SECRET"}}};
  });
  World world("ghs_one", {{"https://api.test", server.url()}, {"https://blob.test", blob.url()}});
  auto ask = [&](EntryPtr own) {
    return **world.ask(Ask{
        request_for("/repos/o/r/actions/runs/1/logs", "", "application/octet-stream"), std::move(own), nullptr, {}});
  };
  const EntryPtr entry = ask(nullptr).entry;
  CHECK(body_of(entry) == "log text");
  CHECK(entry->meta.etag.empty());
  CHECK_FALSE(entry->meta.shareable);
  auto with_tag = std::make_shared<Entry>(*entry);
  with_tag->meta.etag = "\"x\"";
  ask(with_tag);
  CHECK(server.seen().at(1).get("if-none-match") == "\"x\"");
  for (const Seen& seen : blob.seen()) {
    CHECK(seen.target == "/log?sig=SECRET");
    for (const char* name : {"authorization", "cookie", "if-none-match", "x-github-api-version"})
      CHECK_FALSE(seen.has(name));
  }
  CHECK(world.origin->windows().empty());  // another host's limits are not GitHub's
}

TEST_CASE("a signed address that fails is named without its signature", "[origin]") {
  HttpServer blob([](const Seen&) { return Say{.status = 403}; });
  HttpServer server([&](const Seen&) {
    return Say{.status = 302, .headers = {{"Location", "https://blob.test/log?sig=SECRET"}}};
  });
  World world("ghs_one", {{"https://api.test", server.url()}, {"https://blob.test", blob.url()}});
  CHECK(world.error("/repos/o/r").code == Code::kDenied);
  CHECK(world.errors.jsonl().find("blob.test/log") != std::string::npos);
  CHECK(world.errors.jsonl().find("SECRET") == std::string::npos);
}

TEST_CASE("loops and ways to plain http are not followed", "[origin]") {
  HttpServer server([](const Seen& seen) {
    const bool down = seen.target == "/repos/o/plain";
    return Say{.status = 302,
               .headers = {{"Location", down                          ? "http://api.test/x"
                                        : seen.target == "/repos/o/a" ? "/repos/o/b"
                                                                      : "/repos/o/a"}}};
  });
  World world("ghs_one", {{"https://api.test", server.url()}, {"http://api.test", server.url()}});
  CHECK(world.error("/repos/o/a").code == Code::kLoop);
  CHECK(server.count() == 2);
  CHECK(world.error("/repos/o/plain").code == Code::kBroken);
  CHECK(server.count() == 3);
}

TEST_CASE("no identity, no request", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.body = "[]"}; });
  World world("two words", {{"https://api.test", server.url()}});
  CHECK(world.error("/repos/o/r").code == Code::kNoKey);
  CHECK(server.count() == 0);
  CHECK(world.errors.size() == 1);
}
