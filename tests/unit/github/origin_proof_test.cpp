#include "backends/github/proof.h"
#include "tests/unit/github/origin_world.h"

using namespace rfs;

namespace {

// The entry for all credentials that token `one` left behind.
EntryPtr shared_from(World& world, const std::string& path) {
  auto entry = std::make_shared<Entry>(*world.get(path).entry);
  REQUIRE(entry->meta.shareable);
  entry->key.partition.clear();
  return entry;
}

}  // namespace

TEST_CASE("a body of one token is proven for another by a 304 to the recomputed tag", "[proof]") {
  HttpServer server([](const Seen& seen) { return as_github(seen, R"({"id":1})", true); });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  const EntryPtr shared = shared_from(one, "/repos/o/r");
  CHECK(two.origin->proof_state().empty());

  const Answer answer = two.get("/repos/o/r", nullptr, shared);
  CHECK_FALSE(answer.changed);
  CHECK(answer.entry->body == shared->body);
  CHECK(answer.entry->meta.proof == Proof::kEtag);
  CHECK(answer.entry->key.partition == (*two.identities.current())->partition);
  CHECK(answer.entry->meta.shareable);
  CHECK(two.counters.get(Counter::kProven) == 1);

  // First the negative control with a tag that nobody had, then the proof.
  REQUIRE(server.count() == 3);
  const std::string tag = etag_of(kJsonType, authorization_of("ghs_two"), R"({"id":1})");
  CHECK(is_hash_tag(server.seen().at(1).get("if-none-match")));
  CHECK(server.seen().at(1).get("if-none-match") != tag);
  CHECK(server.seen().at(2).get("if-none-match") == tag);

  // It is good for an hour.
  two.get("/repos/o/r", nullptr, shared);
  CHECK(server.count() == 4);
  // What was proven is revalidated by its own tag from then on.
  CHECK_FALSE(two.get("/repos/o/r", answer.entry).changed);
  CHECK(same_tag(server.seen().at(4).get("if-none-match"), tag));
}

TEST_CASE("content that the other token would not see is fetched, not proven", "[proof]") {
  HttpServer server(
      [](const Seen& seen) { return as_github(seen, seen.get("authorization") == "Bearer ghs_one" ? "[1]" : "[2]"); });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  const Answer answer = two.get("/repos/o/r", nullptr, shared_from(one, "/repos/o/r"));
  CHECK(answer.changed);
  CHECK(body_of(answer.entry) == "[2]");
  CHECK(answer.entry->meta.proof == Proof::kOrigin);
}

TEST_CASE("a 404 to the control lets the proof ask, which answers for itself", "[proof]") {
  HttpServer server([](const Seen& seen) {
    if (seen.get("authorization") == "Bearer ghs_one") return as_github(seen, "[1]");
    return Say{.status = 404, .body = R"({"message":"Not Found"})"};
  });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  auto asked = two.ask("/repos/o/r", nullptr, shared_from(one, "/repos/o/r"));
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Code::kNotFound);
  CHECK(server.count() == 2);  // the control's 404 is the answer
  CHECK(two.origin->proof_state().empty());
}

TEST_CASE("something that says 304 to everything turns proof off, and its body is not believed", "[proof]") {
  HttpServer server([](const Seen& seen) {
    if (seen.get("authorization") == "Bearer ghs_two" && seen.has("if-none-match"))
      return Say{.status = 304, .headers = {{"ETag", seen.get("if-none-match")}}};
    return as_github(seen, seen.get("authorization") == "Bearer ghs_one" ? "[1]" : "[2]");
  });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  const EntryPtr shared = shared_from(one, "/repos/o/r");
  const Answer answer = two.get("/repos/o/r", nullptr, shared);
  CHECK(body_of(answer.entry) == "[2]");
  CHECK(answer.entry->meta.proof == Proof::kOrigin);
  CHECK(two.counters.get(Counter::kProven) == 0);
  CHECK_FALSE(two.origin->proof_state().empty());
  // From now on without a condition.
  two.get("/repos/o/r", nullptr, shared);
  CHECK_FALSE(server.seen().back().has("if-none-match"));
}

TEST_CASE("a proof's 304 that names another tag is not believed", "[proof]") {
  HttpServer server([](const Seen& seen) {
    Say say = as_github(seen, "[1]");
    if (say.status == 304) say.headers = {{"ETag", '"' + std::string(64, '0') + '"'}};
    return say;
  });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  const Answer answer = two.get("/repos/o/r", nullptr, shared_from(one, "/repos/o/r"));
  CHECK(answer.entry->meta.proof == Proof::kOrigin);
  CHECK(two.counters.get(Counter::kProven) == 0);
}

TEST_CASE("links come from the 304 that proves, never from who had the body before", "[proof]") {
  std::atomic<bool> with_link{true};
  HttpServer server([&](const Seen& seen) {
    Say say = as_github(seen, "[1,2]");
    if (say.status == 200 || with_link) say.headers.emplace_back("Link", "<https://api.test/true>; rel=\"next\"");
    return say;
  });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  auto shared = std::make_shared<Entry>(*shared_from(one, "/repos/o/r/branches"));
  shared->meta.link = "<https://evil.test/false>; rel=\"next\"";
  const Answer proven = two.get("/repos/o/r/branches", nullptr, shared);
  CHECK(proven.entry->meta.proof == Proof::kEtag);
  CHECK(proven.entry->meta.link.find("true") != std::string::npos);
  // Without Link on the 304 the body alone is proven, not where it goes on: fetched anew.
  with_link = false;
  const Answer fetched = two.get("/repos/o/r/branches", nullptr, shared);
  CHECK(fetched.entry->meta.proof == Proof::kOrigin);
  CHECK(fetched.entry->meta.link.find("true") != std::string::npos);
  CHECK_FALSE(fetched.changed);
}

TEST_CASE("those who come while a control is under way wait for its verdict", "[proof]") {
  HttpServer server([](const Seen& seen) { return as_github(seen, "[1]"); });
  World one("ghs_one", {{"https://api.test", server.url()}}), two("ghs_two", {{"https://api.test", server.url()}});
  const EntryPtr shared = shared_from(one, "/repos/o/r");
  std::vector<std::future<Asked>> futures;
  for (int i = 0; i < 20; ++i) {
    auto promise = std::make_shared<std::promise<Asked>>();
    futures.push_back(promise->get_future());
    two.origin->ask(Ask{request_for("/repos/o/r"), nullptr, shared, {}},
                    [promise](Asked asked) { promise->set_value(std::move(asked)); });
  }
  for (auto& future : futures) {
    auto asked = future.get();
    REQUIRE(asked);
    CHECK((*asked)->entry->meta.proof == Proof::kEtag);
  }
  CHECK(server.count() == 1 + 1 + 20);  // one control for all
}

TEST_CASE("a control that fails holds nobody up", "[proof]") {
  std::atomic<bool> down{true};
  HttpServer server([&](const Seen& seen) {
    if (seen.get("authorization") == "Bearer ghs_two" && down) return Say{.how = Say::How::kStall};
    return as_github(seen, "[1]");
  });
  World one("ghs_one", {{"https://api.test", server.url()}}),
      two("ghs_two", {{"https://api.test", server.url()}}, {.timeout = Millis(400)});
  const EntryPtr shared = shared_from(one, "/repos/o/r");
  std::vector<std::future<Asked>> futures;
  for (int i = 0; i < 4; ++i) {
    auto promise = std::make_shared<std::promise<Asked>>();
    futures.push_back(promise->get_future());
    two.origin->ask(Ask{request_for("/repos/o/r"), nullptr, shared, {}},
                    [promise](Asked asked) { promise->set_value(std::move(asked)); });
  }
  for (auto& future : futures) CHECK(future.get().error().code == Code::kTimeout);
  CHECK(two.origin->proof_state().empty());
  down = false;
  CHECK(two.get("/repos/o/r", nullptr, shared).entry->meta.proof == Proof::kEtag);
}

TEST_CASE("no proof where the API is not https or the configuration says no", "[proof]") {
  HttpServer server([](const Seen& seen) { return as_github(seen, "[1]"); });
  World one("ghs_one", {{"https://api.test", server.url()}});
  const EntryPtr shared = shared_from(one, "/repos/o/r");
  for (auto options : {OriginOptions{.base_url = "http://api.test"},
                       OriginOptions{.base_url = "https://api.test", .etag_proof = false}}) {
    World two("ghs_two", {{"https://api.test", server.url()}, {"http://api.test", server.url()}}, options);
    CHECK_FALSE(two.origin->proof_state().empty());
    CHECK(two.get("/repos/o/r", nullptr, shared).entry->meta.proof == Proof::kOrigin);
    CHECK_FALSE(server.seen().back().has("if-none-match"));
  }
}

TEST_CASE("the control is asked again after an hour, for each credential", "[proof]") {
  FakeClock clock;
  ProofControl control(clock, "");
  using Next = ProofControl::Next;
  std::vector<Next> told;
  auto resume = [&](Next next) { told.push_back(next); };
  CHECK(control.next("a", resume) == Next::kControl);
  CHECK(control.next("a", resume) == Next::kWait);
  CHECK(control.next("b", resume) == Next::kControl);
  control.finished("a", ProofControl::Outcome::kGood);
  CHECK(told == std::vector<Next>{Next::kProve});
  CHECK(control.next("a", resume) == Next::kProve);
  clock.advance(3599);
  CHECK(control.next("a", resume) == Next::kProve);
  clock.advance(2);
  CHECK(control.next("a", resume) == Next::kControl);
  control.finished("a", ProofControl::Outcome::kUnknown);
  CHECK(control.next("a", resume) == Next::kControl);
  control.finished("b", ProofControl::Outcome::kLies);
  CHECK(control.next("c", resume) == Next::kOff);
  CHECK_FALSE(control.off().empty());
}
