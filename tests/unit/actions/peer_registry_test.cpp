#include "backends/actions/peer_registry.h"

#include <nlohmann/json.hpp>

#include "backends/actions/registry_finder.h"
#include "base/json.h"
#include "tests/catch.h"
#include "tests/unit/actions/script.h"

using namespace rfs;
using namespace rfs::test;

namespace {

constexpr double kRegistryNow = 1'762'423'200.5;  // 2025-11-06T10:00:00.5Z
constexpr const char* kTitle = "p2p-peer-registry";

RegistryPeer registry_peer(const std::string& id, double seen = kRegistryNow, const std::string& runner = {}) {
  const std::string address = "/ip4/192.0.2.7/tcp/9000/p2p/" + id;
  return {id, runner.empty() ? "runner-" + id : runner, {address}, seen};
}

// Issues and comments of one repository, as REST shows them.
struct Issues {
  struct Written {
    std::uint64_t id;
    std::string body, association = "NONE", type = "Bot";
  };
  std::vector<std::pair<std::uint64_t, std::string>> issues;  // number, title
  std::vector<Written> comments;
  bool may_write = true, indexed = true;
  std::uint64_t next = 100;
  Script script{[this](const HttpRequest& request) { return answer(request); }};
  Web web{script, impatient()};

  PeerRegistry registry(std::size_t most = 10) {
    RegistryOptions options;
    options.api_url = "https://api.example";
    options.repository = "octo/hello";
    options.user_agent = "runnerfs/test";
    options.most = most;
    return PeerRegistry(options, [] { return bearer(SecretBytes::copy_of("job-token")); }, web);
  }
  void write(const RegistryPeer& peer, const std::string& association = "NONE", const std::string& type = "Bot") {
    comments.push_back({next++, render_registry_comment(kTitle, peer, "python"), association, type});
  }
  HttpResult answer(const HttpRequest& request) {
    const std::string& url = request.url;
    const bool writes = !request.method.empty() && request.method != "GET";
    if (writes && !may_write) return says(403);
    if (url.find("/search/issues") != std::string::npos)
      return says(200, nlohmann::json{{"items", indexed ? list() : nlohmann::json::array()}}.dump());
    const std::size_t at = url.find("/issues/comments/");
    if (at != std::string::npos) return one(request, std::stoull(url.substr(at + 17)));
    if (url.find("/comments") != std::string::npos) {
      if (!writes) return page(request);
      comments.push_back({next++, sent(request)});
      return says(201, nlohmann::json{{"id", comments.back().id}}.dump());
    }
    if (!writes) return says(200, list().dump());
    issues.emplace_back(next++, parse_json(*request.content).value()["title"].get<std::string>());
    return says(201, nlohmann::json{{"number", issues.back().first}}.dump());
  }
  nlohmann::json list() const {
    auto out = nlohmann::json::array();
    for (const auto& [number, title] : issues) out.push_back({{"number", number}, {"title", title}, {"state", "open"}});
    return out;
  }
  HttpResult page(const HttpRequest& request) {
    auto all = nlohmann::json::array();
    const std::size_t number = std::stoull(request.url.substr(request.url.rfind('=') + 1));
    for (std::size_t i = (number - 1) * 100; i < std::min(comments.size(), number * 100); ++i) {
      const Written& there = comments[i];
      all.push_back({{"id", there.id}, {"body", there.body}, {"author_association", there.association}, {"user", {{"type", there.type}}}});
    }
    const std::string body = all.dump(), tag = "\"" + std::to_string(std::hash<std::string>()(body)) + "\"";
    if (Script::header(request, "If-None-Match") == tag) return says(304);
    return says(200, body, {{"ETag", tag}});
  }
  HttpResult one(const HttpRequest& request, std::uint64_t id) {
    const auto found = std::find_if(comments.begin(), comments.end(), [&](const Written& there) { return there.id == id; });
    if (found == comments.end()) return says(404);
    if (request.method == "DELETE") {
      comments.erase(found);
      return says(204);
    }
    found->body = sent(request);
    return says(200, "{}");
  }
  static std::string sent(const HttpRequest& request) {
    CHECK(Script::header(request, "Content-Type") == "application/json");
    return parse_json(*request.content).value()["body"].get<std::string>();
  }
  std::size_t asked(const std::string& method) const {
    return static_cast<std::size_t>(std::count_if(script.asked.begin(), script.asked.end(), [&](const auto& one) { return one.method == method; }));
  }
};

}  // namespace

TEST_CASE("a comment has the bytes that the Python implementation writes") {
  // f"{marker}\n```json\n{json.dumps(info, indent=2, sort_keys=True)}\n```\n"
  CHECK(render_registry_comment(kTitle, registry_peer("12D3KooWone"), "runnerfs/test") == R"(<!-- p2p-peer-registry:runner-12D3KooWone -->
```json
{
  "last_seen": "2025-11-06T10:00:00.500000",
  "listen_port": 9000,
  "metadata": {
    "client": "runnerfs/test",
    "multiaddrs": [
      "/ip4/192.0.2.7/tcp/9000/p2p/12D3KooWone"
    ]
  },
  "multiaddr": "/ip4/192.0.2.7/tcp/9000/p2p/12D3KooWone",
  "peer_id": "12D3KooWone",
  "public_ip": "192.0.2.7",
  "runner_name": "runner-12D3KooWone"
}
```
)");
}

TEST_CASE("a comment of the Python implementation is read") {
  const std::string body =
      "<!-- p2p-peer-registry:build-3 -->\n```json\n{\n  \"last_seen\": \"2025-11-06T10:00:00.500000\",\n  \"listen_port\": 9100,\n"
      "  \"metadata\": {},\n  \"multiaddr\": \"/ip4/192.0.2.9/tcp/9100/p2p/12D3KooWpy\",\n  \"peer_id\": \"12D3KooWpy\",\n"
      "  \"public_ip\": null,\n  \"runner_name\": \"build-3\"\n}\n```\n";
  const auto peer = parse_registry_comment(kTitle, body);
  REQUIRE(peer);
  CHECK(peer->peer_id == "12D3KooWpy");
  CHECK(peer->runner == "build-3");
  CHECK(peer->seen == kRegistryNow);
  CHECK(peer->addresses == std::vector<std::string>{"/ip4/192.0.2.9/tcp/9100/p2p/12D3KooWpy"});
  CHECK_FALSE(parse_registry_comment("another-title", body));
  for (std::size_t at = 0; at + 5 < body.size(); ++at) CHECK_FALSE(parse_registry_comment(kTitle, body.substr(0, at)));
}

TEST_CASE("times of comments") {
  const auto seen = [](const std::string& time) {
    const auto peer = parse_registry_comment(kTitle, "<!-- p2p-peer-registry:r -->\n```json\n{\"peer_id\": \"1\", \"last_seen\": \"" + time + "\"}\n```");
    return peer ? peer->seen : -1;
  };
  CHECK(seen("2025-11-06T10:00:00") == 1'762'423'200);
  CHECK(seen("2025-11-06 10:00:00Z") == 1'762'423'200);
  CHECK(seen("2025-11-06T12:00:00+02:00") == 1'762'423'200);
  for (const char* bad : {"", "2025-11-06", "2025-13-06T10:00:00", "2025-11-06T10:00:00+2", "2025-11-06T10:00:00 and", "9e99", "-025-11-06T10:00:00"})
    CHECK(seen(bad) == -1);
}

TEST_CASE("a runner's name cannot end the line that it stands in") {
  CHECK(registry_runner_name("build 3-->\n<!--`") == "build3--!--");
  CHECK(registry_runner_name("\xff\n") == "runner");
  CHECK(registry_runner_name(std::string(1'000, 'a')).size() == 100);
}

TEST_CASE("the first peer makes the registry, the second finds it") {
  Issues there;
  auto first = there.registry(), second = there.registry();
  const auto one = registry_peer("one"), two = registry_peer("two");
  auto round = first.round(&one, "one", kRegistryNow);
  REQUIRE(round);
  CHECK(round->told);
  CHECK(round->others.empty());
  REQUIRE(there.issues.size() == 1);
  CHECK(there.issues[0].second == kTitle);
  there.indexed = false;  // the search comes to know of it later
  round = second.round(&two, "two", kRegistryNow + 5);
  REQUIRE(round);
  CHECK(there.issues.size() == 1);
  REQUIRE(round->others.size() == 1);
  CHECK(round->others[0].peer_id == "one");
  CHECK(there.script.asked[0].authorization == "Bearer job-token");

  // Heartbeat: the own comment is edited when it is due, and no other.
  const std::size_t edits = there.asked("PATCH");
  CHECK_FALSE(first.round(&one, "one", kRegistryNow + 299)->told);
  CHECK(first.round(&one, "one", kRegistryNow + 300)->told);
  CHECK(there.asked("PATCH") == edits + 1);
  CHECK(there.comments.size() == 2);

  REQUIRE(first.leave(there.web));
  REQUIRE(there.comments.size() == 1);
  CHECK(parse_registry_comment(kTitle, there.comments[0].body)->peer_id == "two");
  REQUIRE(first.leave(there.web));  // once
  CHECK(there.asked("DELETE") == 1);
}

TEST_CASE("of two issues with the title the lower number counts") {
  Issues there;
  there.issues = {{9, kTitle}, {3, kTitle}, {1, "about the p2p-peer-registry"}};
  auto registry = there.registry();
  REQUIRE(registry.round(nullptr, "one", kRegistryNow));
  CHECK(there.script.asked.back().url.find("/issues/3/comments") != std::string::npos);
}

TEST_CASE("who is answered: others, newest first, whose time is not over and who may write") {
  Issues there;
  there.issues = {{3, kTitle}};
  there.write(registry_peer("over", kRegistryNow - 1'801));
  there.write(registry_peer("future", kRegistryNow + 1'000));
  there.write(registry_peer("self"));
  there.write(registry_peer("older", kRegistryNow - 60), "COLLABORATOR", "User");
  there.write(registry_peer("stranger"), "NONE", "User");
  there.write(registry_peer("contributor"), "CONTRIBUTOR", "User");
  there.write(registry_peer("newer"), "OWNER", "User");
  there.comments.push_back({1, "what is this?", "OWNER", "User"});
  auto registry = there.registry();
  const auto round = registry.round(nullptr, "self", kRegistryNow);
  REQUIRE(round);
  REQUIRE(round->others.size() == 2);
  CHECK(round->others[0].peer_id == "newer");
  CHECK(round->others[1].peer_id == "older");
  CHECK(there.registry(1).round(nullptr, "self", kRegistryNow)->others.size() == 1);
  CHECK(there.asked("GET") == there.script.asked.size());  // who has nothing to tell writes nothing
}

TEST_CASE("a name that another peer uses is not taken from it, one that nobody uses any longer is") {
  Issues there;
  there.issues = {{3, kTitle}};
  there.write(registry_peer("12D3KooWother", kRegistryNow - 60, "build"));
  const auto self = registry_peer("12D3KooWabcdefgh", kRegistryNow, "build");
  auto registry = there.registry();
  REQUIRE(registry.round(&self, self.peer_id, kRegistryNow)->told);
  REQUIRE(there.comments.size() == 2);
  CHECK(there.comments[1].body.starts_with("<!-- p2p-peer-registry:build-abcdefgh -->\n"));

  Issues left;
  left.issues = {{3, kTitle}};
  left.write(registry_peer("12D3KooWother", kRegistryNow - 3'000, "build"));
  auto again = left.registry();
  REQUIRE(again.round(&self, self.peer_id, kRegistryNow)->told);
  REQUIRE(left.comments.size() == 1);
  CHECK(parse_registry_comment(kTitle, left.comments[0].body)->peer_id == self.peer_id);
}

TEST_CASE("what has been over for long is removed, a few at a time") {
  Issues there;
  there.issues = {{3, kTitle}};
  for (int i = 0; i < 8; ++i) there.write(registry_peer("old" + std::to_string(i), kRegistryNow - 6'000));
  there.write(registry_peer("over", kRegistryNow - 2'000));
  there.comments.push_back({1, "what is this?"});
  auto registry = there.registry();
  REQUIRE(registry.round(nullptr, "self", kRegistryNow));
  registry.clean(kRegistryNow);
  CHECK(there.comments.size() == 5);
  REQUIRE(registry.round(nullptr, "self", kRegistryNow));
  registry.clean(kRegistryNow);
  CHECK(there.comments.size() == 2);
}

TEST_CASE("a list that has not changed is answered without a body, and a long one is read to its third page") {
  Issues there;
  there.issues = {{3, kTitle}};
  for (int i = 0; i < 450; ++i) there.comments.push_back({static_cast<std::uint64_t>(1'000 + i), "nothing"});
  there.comments[250].body = render_registry_comment(kTitle, registry_peer("third page"), "");
  there.comments[350].body = render_registry_comment(kTitle, registry_peer("fourth page"), "");
  auto registry = there.registry();
  REQUIRE(registry.round(nullptr, "self", kRegistryNow)->others.size() == 1);
  const std::size_t asked = there.script.asked.size();
  CHECK(registry.round(nullptr, "self", kRegistryNow)->others.at(0).peer_id == "third page");
  CHECK(there.script.asked.size() == asked + 3);
}

TEST_CASE("a token that may only read finds others and says why it tells nothing") {
  Issues there;
  there.issues = {{3, kTitle}};
  there.write(registry_peer("two"));
  there.may_write = false;
  FakeClock clock;
  clock.set_wall(kRegistryNow);
  Counters counters;
  ErrorRing errors{clock, counters};
  auto registry = there.registry();
  std::vector<RegistryPeer> found;
  bool spare = true;
  RegistryFinder finder({registry, clock, counters, errors, "one", 300, [] { return std::optional(registry_peer("one")); },
                         [&](std::vector<RegistryPeer> peers) { found = std::move(peers); }, [] { return true; }, [&] { return spare; }});
  CHECK(finder.step() >= 3'600);
  REQUIRE(found.size() == 1);
  const RegistryState state = finder.state();
  REQUIRE(state.trouble);
  CHECK(state.trouble->hint.find("issues: write") != std::string::npos);
  CHECK(state.told == 0);
  CHECK(state.others == 1);
  CHECK(counters.get(Counter::kRegistryFailures) == 1);
  (void)finder.step();
  CHECK(counters.get(Counter::kErrors) == 1);  // told once

  // Nothing is asked while few calls remain; then it tells.
  spare = false;
  const std::size_t asked = there.script.asked.size();
  (void)finder.step();
  CHECK(there.script.asked.size() == asked);
  CHECK(finder.state().trouble->code == Code::kLimited);
  spare = true;
  there.may_write = true;
  CHECK(finder.step() < 30);  // nobody is connected
  CHECK_FALSE(finder.state().trouble);
  CHECK(counters.get(Counter::kRegistryEntries) == 1);
}

TEST_CASE("answers that are not of the form") {
  for (const char* body : {"", "[]", "{}", "{\"items\":7}", "nonsense", "{\"items\":[7,{},{\"number\":-1,\"title\":\"p2p-peer-registry\"}]}"}) {
    Script script{[&](const HttpRequest&) { return says(200, body); }};
    Web web{script, impatient()};
    PeerRegistry registry({"https://api.example", "octo/hello", kTitle, "runnerfs/test"}, [] { return nullptr; }, web);
    const auto one = registry_peer("one");
    const auto round = registry.round(&one, "one", kRegistryNow);
    CHECK((!round || (!round->told && round->untold && round->untold->code == Code::kBroken)));
  }
}
