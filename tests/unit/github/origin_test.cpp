#include "tests/unit/github/origin_world.h"

using namespace rfs;
using How = Say::How;

TEST_CASE("an answer becomes an entry with everything that is known of it", "[origin]") {
  HttpServer server([](const Seen& seen) {
    Say say = as_github(seen, R"({"id":1})", true);
    say.headers.emplace_back("Link", "<https://api.test/x?page=2>; rel=\"next\"");
    say.headers.emplace_back("Last-Modified", "Tue, 19 Jul 2022 04:37:49 GMT");
    return say;
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const double before = world.clock.wall();
  const Answer answer = world.get("/repos/o/r");
  const Entry& entry = *answer.entry;
  CHECK(answer.changed);
  CHECK(body_of(answer.entry) == R"({"id":1})");
  CHECK(entry.sha256 == sha256(view(R"({"id":1})")));
  CHECK(entry.key.partition == (*world.identities.current())->partition);
  CHECK(entry.key.directory == "repos/o");
  CHECK(entry.meta.status == 200);
  CHECK(entry.meta.etag == "W/" + etag_of(kJsonType, authorization_of("ghs_one"), R"({"id":1})"));
  CHECK(entry.meta.shareable);
  CHECK(entry.meta.proof == Proof::kOrigin);
  CHECK(entry.meta.link == "<https://api.test/x?page=2>; rel=\"next\"");
  CHECK(entry.meta.last_modified == "Tue, 19 Jul 2022 04:37:49 GMT");
  CHECK(entry.meta.fetched_at >= before);
  CHECK(entry.meta.validated_at == entry.meta.fetched_at);
  CHECK(entry.meta.expires_at == Approx(entry.meta.fetched_at + 300));  // the operation's TTL, not max-age
  CHECK(world.counters.get(Counter::kApiCallsMade) == 1);
  CHECK(world.errors.size() == 0);
}

TEST_CASE("what is sent is fixed: four headers and nothing of the caller", "[origin]") {
  HttpServer server([](const Seen& seen) { return as_github(seen, "[]"); });
  World world("ghs_one", {{"https://api.test", server.url()}}, {.user_agent = "curl/8 (evil)"});
  world.ask(Ask{request_for("/repos/o/r/actions/runs", "status=success&per_page=3"), nullptr, nullptr, {}});
  const Seen seen = server.seen().at(0);
  CHECK(seen.target == "/repos/o/r/actions/runs?status=success&per_page=3");
  CHECK(seen.get("accept") == kJsonType);
  CHECK(seen.get("authorization") == "Bearer ghs_one");
  CHECK(seen.get("x-github-api-version") == kApiVersion);
  CHECK(seen.get("user-agent").starts_with("runnerfs/"));
  CHECK_FALSE(seen.has("cookie"));
  CHECK_FALSE(seen.has("if-none-match"));
}

TEST_CASE("no token, no Authorization", "[origin]") {
  HttpServer server([](const Seen& seen) { return as_github(seen, "[]"); });
  World world("", {{"https://api.test", server.url()}});
  CHECK(world.get("/repos/o/r").entry->meta.shareable);
  CHECK_FALSE(server.seen().at(0).has("authorization"));
}

TEST_CASE("an entry is revalidated by its tag as stored, and a 304 keeps its bytes", "[origin]") {
  HttpServer server([](const Seen& seen) {
    Say say = as_github(seen, R"({"id":1})", true);
    if (say.status == 304) {
      say.headers = {{"Link", "<https://api.test/x?page=9>; rel=\"last\""},
                     {"Cache-Control", "max-age=60"}};  // no ETag
    }
    return say;
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr first = world.get("/repos/o/r").entry;
  const Answer again = world.get("/repos/o/r", first);
  CHECK(server.seen().at(1).get("if-none-match") == first->meta.etag);
  CHECK_FALSE(server.seen().at(1).has("if-modified-since"));
  CHECK_FALSE(again.changed);
  CHECK(again.entry->body == first->body);
  CHECK(again.entry->meta.etag == first->meta.etag);
  CHECK(again.entry->meta.link == "<https://api.test/x?page=9>; rel=\"last\"");
  CHECK(again.entry->meta.fetched_at == first->meta.fetched_at);
  CHECK(again.entry->meta.validated_at >= first->meta.validated_at);
  CHECK(again.entry->meta.proof == Proof::kOrigin);
  CHECK(world.counters.get(Counter::kRevalidated) == 1);
}

TEST_CASE("new content replaces the old", "[origin]") {
  std::atomic<int> version{1};
  HttpServer server([&](const Seen& seen) { return as_github(seen, std::to_string(version.load())); });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr first = world.get("/repos/o/r").entry;
  version = 2;
  const Answer again = world.get("/repos/o/r", first);
  CHECK(again.changed);
  CHECK(body_of(again.entry) == "2");
}

TEST_CASE("the same bytes under a new tag are no change", "[origin]") {
  std::atomic<int> tag{0};
  HttpServer server([&](const Seen&) {
    return Say{.body = "[]", .headers = {{"ETag", "\"t" + std::to_string(tag++) + "\""}}};
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr first = world.get("/repos/o/r").entry;
  const Answer again = world.get("/repos/o/r", first);
  CHECK_FALSE(again.changed);
  CHECK(again.entry->meta.etag == "\"t1\"");
  CHECK_FALSE(again.entry->meta.shareable);
}

TEST_CASE("If-Modified-Since is for entries without a tag", "[origin]") {
  HttpServer server([](const Seen& seen) {
    if (seen.has("if-modified-since")) return Say{.status = 304};
    return Say{.body = "[]", .headers = {{"Last-Modified", "Tue, 19 Jul 2022 04:37:49 GMT"}}};
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr first = world.get("/repos/o/r").entry;
  CHECK_FALSE(world.get("/repos/o/r", first).changed);
  CHECK(server.seen().at(1).get("if-modified-since") == "Tue, 19 Jul 2022 04:37:49 GMT");
  CHECK_FALSE(server.seen().at(1).has("if-none-match"));
}

TEST_CASE("an answer without a validator is an entry for its TTL, fetched anew after it", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.body = "[]"}; });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr first = world.get("/repos/o/r").entry;
  CHECK(first->meta.expires_at == Approx(first->meta.fetched_at + 300));
  world.get("/repos/o/r", first);
  CHECK_FALSE(server.seen().at(1).has("if-none-match"));
}

TEST_CASE("a 304 that nobody asked for is a broken answer", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.status = 304, .headers = {{"ETag", "\"x\""}}}; });
  World world("ghs_one", {{"https://api.test", server.url()}});
  CHECK(world.error("/repos/o/r").code == Code::kBroken);
  CHECK(world.counters.get(Counter::kOriginErrors) == 1);
}

TEST_CASE("a 304 for another tag than the one sent is not believed", "[origin]") {
  HttpServer server([](const Seen& seen) {
    if (seen.has("if-none-match")) return Say{.status = 304, .headers = {{"ETag", "\"other\""}}};
    return Say{.body = "[1]", .headers = {{"ETag", "\"x\""}}};
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr first = world.get("/repos/o/r").entry;
  CHECK(world.get("/repos/o/r", first).entry->meta.proof == Proof::kOrigin);
  CHECK(server.count() == 3);
  CHECK_FALSE(server.seen().at(2).has("if-none-match"));
}

TEST_CASE("a full last page without Link on its 304 is fetched anew, others are not", "[origin]") {
  std::atomic<bool> grown{false};
  HttpServer server([&](const Seen& seen) {
    Say say = as_github(seen, seen.target.find("per_page=2") != std::string::npos ? "[1,2]" : "[1]");
    if (say.status == 200 && grown) say.headers.emplace_back("Link", "<https://api.test/n>; rel=\"next\"");
    return say;
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  auto ask = [&](const char* query, EntryPtr own) {
    return **world.ask(Ask{request_for("/repos/o/r/branches", query), std::move(own), nullptr, {}});
  };
  const EntryPtr full = ask("per_page=2", nullptr).entry, part = ask("per_page=3", nullptr).entry;
  grown = true;
  const Answer again = ask("per_page=2", full);
  CHECK(again.entry->meta.link.find("next") != std::string::npos);
  CHECK_FALSE(again.changed);
  CHECK(server.count() == 4);
  CHECK(ask("per_page=3", part).entry->meta.link.empty());
  CHECK(server.count() == 5);
  // What has a next page already keeps it.
  CHECK(ask("per_page=2", again.entry).entry->meta.link == again.entry->meta.link);
  CHECK(server.count() == 6);
}

TEST_CASE("an entry of another credential is no condition for this one", "[origin]") {
  HttpServer server([](const Seen& seen) { return as_github(seen, "[]"); });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  const EntryPtr first = one.get("/repos/o/r").entry;
  const EntryPtr second = two.get("/repos/o/r", first).entry;
  CHECK_FALSE(server.seen().at(1).has("if-none-match"));
  CHECK(second->key.partition != first->key.partition);
}

TEST_CASE("204 is an empty body, and JSON that is none is broken, with its place", "[origin]") {
  HttpServer server([](const Seen& seen) {
    if (seen.target == "/repos/o/r") return Say{.status = 204};
    return Say{.body = "{\"a\": nonsense}"};
  });
  World world("ghs_one", {{"https://api.test", server.url()}});
  const Answer empty = world.get("/repos/o/r");
  CHECK(empty.entry->meta.status == 204);
  CHECK(empty.entry->body->size() == 0);
  const Error broken = world.error("/repos/o/s");
  CHECK(broken.code == Code::kBroken);
  CHECK(broken.position >= 6);
  // The same bytes are fine where no JSON was asked for.
  auto raw = world.ask(Ask{request_for("/repos/o/s", "", "application/vnd.github.raw+json"), nullptr, nullptr, {}});
  REQUIRE(raw);
  CHECK(body_of((*raw)->entry) == "{\"a\": nonsense}");
}

TEST_CASE("JSON shows by itself that it is whole, other bytes must be told to be", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.body = "[1]", .how = How::kNoLength}; });
  World world("ghs_one", {{"https://api.test", server.url()}});
  CHECK(body_of(world.get("/repos/o/r").entry) == "[1]");
  auto raw = world.ask(Ask{request_for("/repos/o/r", "", "application/vnd.github.raw+json"), nullptr, nullptr, {}});
  REQUIRE_FALSE(raw);
  CHECK(raw.error().code == Code::kBroken);
}

TEST_CASE("the base URL names the host of the key", "[origin]") {
  FakeClock clock;
  auto host = [](const std::string& url) {
    World world("t");
    Origin origin({.base_url = url}, world.routes, world.identities, world.clock, world.pool, world.counters,
                  world.errors);
    return origin.host();
  };
  CHECK(host("https://api.github.com") == "api.github.com");
  CHECK(host("https://API.GitHub.com:443/") == "api.github.com");
  CHECK(host("https://ghe.example/api/v3/") == "ghe.example/api/v3");
  CHECK(host("http://127.0.0.1:8080") == "127.0.0.1:8080");
  for (const char* bad : {"", "api.github.com", "ftp://x", "https://u:p@x", "https://x?y"})
    CHECK(check_base_url(bad).error().code == Code::kUsage);
}

TEST_CASE("a path below the host is part of every request", "[origin]") {
  HttpServer server([](const Seen& seen) { return as_github(seen, "[]"); });
  World world("ghs_one", {{"https://ghe.test", server.url()}}, {.base_url = "https://ghe.test/api/v3/"});
  world.get("/repos/o/r");
  CHECK(server.seen().at(0).target == "/api/v3/repos/o/r");
}

TEST_CASE("a base URL that is none fails every ask with a hint", "[origin]") {
  World world("t");
  world.origin = std::make_unique<Origin>(OriginOptions{.base_url = "nonsense"}, world.routes, world.identities,
                                          world.clock, world.pool, world.counters, world.errors);
  CHECK(world.error("/repos/o/r").code == Code::kUsage);
}

TEST_CASE("ending answers what is under way", "[origin]") {
  HttpServer server([](const Seen&) { return Say{.how = How::kStall}; });
  World world("ghs_one", {{"https://api.test", server.url()}});
  std::promise<Asked> promise;
  world.origin->ask(Ask{request_for("/repos/o/r"), nullptr, nullptr, {}},
                    [&](Asked asked) { promise.set_value(std::move(asked)); });
  world.origin.reset();
  auto future = promise.get_future();
  REQUIRE(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(future.get().error().code == Code::kAborted);
  CHECK(world.errors.size() == 0);
}
