// A test for each sentence of "What leaves" and "What is believed".
#include "backends/peers/sharing.h"

#include "backends/github/request.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

const Routes kRoutes;

Entry entry_of_path(const std::string& path, const std::string& query = "") {
  ApiRequest request;
  request.path = path;
  request.query = query;
  request.accept = "application/vnd.github+json";
  request.display = path.substr(1) + ".json";
  Entry entry;
  entry.key = entry_key("api.github.com", request, "0123456789abcdef");
  entry.body = std::make_shared<MemoryBody>("{}");
  return entry;
}

bool leaves(const std::string& json, const char* accept = "application/vnd.github+json") {
  const auto may = body_may_leave(accept, MemoryBody(json));
  REQUIRE(may);
  return *may;
}

bool counts(const char* path) {
  const Route* route = kRoutes.find(path);
  REQUIRE(route);
  return word_counts(*route);
}

}  // namespace

TEST_CASE("a canonical key is taken apart, and nothing else is") {
  const Entry entry = entry_of_path("/repos/o/r", "a=b");
  const auto parts = parse_canonical(entry.key.canonical);
  REQUIRE(parts);
  CHECK(parts->host == "api.github.com");
  CHECK(parts->path == "/repos/o/r");
  CHECK(parts->query == "a=b");
  CHECK_FALSE(parse_canonical(entry.key.canonical + "x"));
  CHECK_FALSE(parse_canonical(entry.key.canonical.substr(1)));
  CHECK_FALSE(parse_canonical(""));
  CHECK_FALSE(parse_canonical(canonical_cache_key("list_repos:o")));
}

TEST_CASE("what leaves: bodies that this runner had from GitHub itself") {
  Entry entry = entry_of_path("/repos/o/r");
  CHECK(entry_may_leave(kRoutes, entry));
  for (const Source source : {Source::kPeer, Source::kDisk, Source::kMemory}) {
    entry.meta.source = source;
    CHECK_FALSE(entry_may_leave(kRoutes, entry));
  }
}

TEST_CASE("hearsay is never passed on, proven or not") {
  Entry entry = entry_of_path("/repos/o/r");
  entry.meta.source = Source::kPeer;
  for (const Proof proof : {Proof::kSharedSecret, Proof::kEtag, Proof::kOrigin}) {
    entry.meta.proof = proof;
    CHECK_FALSE(entry_may_leave(kRoutes, entry));
  }
  entry.meta.source = Source::kOrigin;
  entry.meta.proof = Proof::kSharedSecret;
  CHECK_FALSE(entry_may_leave(kRoutes, entry));
}

TEST_CASE("only answers 200 of api/ leave") {
  Entry entry = entry_of_path("/repos/o/r");
  entry.meta.status = 204;
  CHECK_FALSE(entry_may_leave(kRoutes, entry));
  entry.meta.status = 200;
  entry.key.space = Space::kCache;
  CHECK_FALSE(entry_may_leave(kRoutes, entry));
}

TEST_CASE("the deny list neither leaves nor is asked for") {
  for (const char* path : {"/user", "/user/repos", "/users/octo/events", "/orgs/o/members", "/app", "/app/installations",
                           "/installation/repositories", "/search/code", "/notifications", "/rate_limit"}) {
    INFO(path);
    if (std::string_view(path) == "/users/octo/events") continue;  // public: /user* is the route of who asks
    CHECK_FALSE(path_may_be_shared(kRoutes, path));
    CHECK_FALSE(entry_may_leave(kRoutes, entry_of_path(path)));
  }
  for (const char* below :
       {"actions/secrets", "actions/secrets/KEY", "actions/variables", "environments", "hooks", "hooks/7", "keys", "collaborators",
        "invitations", "branches/main/protection", "rulesets", "secret-scanning/alerts", "dependabot/alerts", "dependabot/secrets",
        "security-advisories", "traffic/views", "actions/runners"}) {
    const std::string path = std::string("/repos/o/r/") + below;
    INFO(path);
    CHECK_FALSE(path_may_be_shared(kRoutes, path));
  }
  for (const char* path : {"/repos/o/r", "/repos/o/r/actions/runs", "/repos/o/r/issues", "/repos/o/r/contents/secrets/a.txt"}) {
    INFO(path);
    CHECK(path_may_be_shared(kRoutes, path));
  }
  CHECK_FALSE(path_may_be_shared(kRoutes, "/no/such/route"));
  RouteOptions denied;
  denied.deny = {"/repos/o/*"};
  CHECK_FALSE(path_may_be_shared(Routes(denied), "/repos/o/r"));
}

TEST_CASE("a body with a clone token stays here") {
  CHECK(leaves(R"({"temp_clone_token": ""})"));
  CHECK(leaves(R"({"temp_clone_token": null})"));
  CHECK_FALSE(leaves(R"({"temp_clone_token": "ABC"})"));
  CHECK_FALSE(leaves(R"([{"a": {"temp_clone_token": "ABC"}}])"));
  CHECK_FALSE(leaves(R"({"temp\u005fclone_token": "ABC"})"));
  CHECK_FALSE(leaves(R"({"temp_clone_token": {"value": 1}})"));
  CHECK_FALSE(leaves(R"({"temp_clone_token": 7})"));
  CHECK(leaves(R"({"description": "temp_clone_token: ABC"})"));
}

TEST_CASE("a body with a token in an address stays here") {
  CHECK_FALSE(leaves(R"({"download_url": "https://raw.example/o/r/main/f?token=ABC"})"));
  CHECK_FALSE(leaves(R"({"download_url": "https://raw.example/f?token\u003dABC"})"));
  CHECK_FALSE(leaves(R"([{"html_url": ["https://x/?token=A"]}])"));
  CHECK_FALSE(leaves(R"({"url": "https://x/?a=b&token=A"})"));
  CHECK(leaves(R"({"download_url": "https://raw.example/o/r/main/f"})"));
  CHECK(leaves(R"({"body": "put token=ABC into it"})"));
  CHECK_FALSE(leaves("{\"html_url\": \"" + std::string(20'000, 'a') + "\"}"));  // too long to be looked at whole
}

TEST_CASE("what should be JSON and is none stays here; other media types are bytes") {
  CHECK_FALSE(leaves("{"));
  CHECK_FALSE(leaves("{} {}"));
  CHECK(leaves("# readme, token=ABC", "application/vnd.github.raw"));
}

TEST_CASE("a member's word never counts for what chooses code or rights") {
  for (const char* path : {"/repos/o/r/releases", "/repos/o/r/releases/latest", "/repos/o/r/git/refs", "/repos/o/r/branches",
                           "/repos/o/r/branches/main", "/repos/o/r/tags", "/repos/o/r/commits", "/repos/o/r/commits/main",
                           "/repos/o/r/contents/f", "/repos/o/r/compare/a...b", "/repos/o/r/actions/artifacts",
                           "/repos/o/r/actions/runs/1/artifacts", "/repos/o/r/code-scanning/alerts", "/repos/o/r/tarball/main"}) {
    INFO(path);
    CHECK_FALSE(counts(path));
  }
  for (const char* path : {"/repos/o/r", "/repos/o/r/actions/runs", "/repos/o/r/issues", "/repos/o/r/pulls/1"}) CHECK(counts(path));
}

TEST_CASE("a member's word lasts for the time of the route, from when it was confirmed") {
  CHECK(word_ends(300, 1000) == 1300);
  CHECK(word_ends(0, 1000) == 1000);
  CHECK(word_ends(-1, 1000) == 1060);
}
