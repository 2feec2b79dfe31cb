#include "backends/github/routes.h"

#include <set>

#include "backends/github/request.h"
#include "tests/catch.h"
#include "tests/unit/github/route_table.h"

using namespace rfs;

namespace {
const Route* find(std::string_view path) { return routes().find(path); }
ApiRequest request(std::string path, std::string query = "") { return {std::move(path), std::move(query), "", ""}; }
const std::string kSha(40, 'a');
}  // namespace

TEST_CASE("operations of the reference have its names and TTLs") {
  struct Want {
    const char* path;
    const char* operation;
    int ttl;
  };
  for (auto want : {Want{"/user/repos", "list_repos", 600}, Want{"/orgs/octo/repos", "list_repos", 600},
                    Want{"/users/octo/repos", "list_repos", 600}, Want{"/repos/o/r", "get_repo_info", 300},
                    Want{"/repos/o/r/actions/workflows", "list_workflows", 300},
                    Want{"/repos/o/r/actions/runs", "get_workflow_runs", 120},
                    Want{"/repos/o/r/actions/workflows/ci.yml/runs", "get_workflow_runs", 120},
                    Want{"/repos/o/r/actions/runs/42", "get_workflow_run", 60},
                    Want{"/repos/o/r/actions/runners", "list_runners", 300},
                    Want{"/orgs/o/actions/runners/7", "get_runner_status", 60}}) {
    INFO(want.path);
    auto route = find(want.path);
    REQUIRE(route);
    CHECK(route->operation == want.operation);
    CHECK(route->ttl == want.ttl);
  }
  CHECK(find("/repos/o/r/pulls")->ttl == -1);
}

TEST_CASE("a literal component wins over a parameter, a parameter over the rest") {
  CHECK(find("/repos/o/r/releases/latest")->operation == "get_latest_release");
  CHECK(find("/repos/o/r/releases/17")->operation == "get_release");
  CHECK(find("/user/repos")->pattern == "/user/repos");
  CHECK(find("/user/583231")->pattern == "/user/{account_id}");
  CHECK(find("/repos/o/r/contents/a/b/c.txt")->pattern == "/repos/{owner}/{repo}/contents/{path...}");
  CHECK(find("/repos/o/r/contents")->pattern == "/repos/{owner}/{repo}/contents");
}

TEST_CASE("a renamed repository's id, and GitHub's own Link forms, have the same routes") {
  CHECK(find("/repositories/1296269")->operation == "get_repo_info");
  CHECK(find("/repositories/1296269/issues")->list);
  CHECK(find("/organizations/9919/repos")->operation == "list_repos");
  CHECK(find("/user/583231/repos")->operation == "list_repos");
}

TEST_CASE("what no row names does not exist") {
  for (auto path :
       {"", "/", "/nope", "/repos", "/repos/o", "/repos/o/r/nope", "/repos//r", "/repos/o/r/", "/repos/o/r/git/blobs",
        "/graphql", "/app/installations/1/access_tokens", "/repos/o/r/actions/runners/registration-token/x"})
    CHECK(find(path) == nullptr);
}

TEST_CASE("a prefix of a route may be a directory") {
  for (auto path : {"", "/repos", "/repos/o", "/repos/o/r", "/repos/o/r/git", "/repos/o/r/contents/a/b", "/gitignore"})
    CHECK(routes().is_prefix(path));
  for (auto path : {"/nope", "/zen", "/repos/o/r/nope", "/rate_limit"}) CHECK_FALSE(routes().is_prefix(path));
}

TEST_CASE("wrapped lists name the member that holds them") {
  CHECK(find("/repos/o/r/actions/runs")->list_field == "workflow_runs");
  CHECK(find("/repos/o/r/commits/main/check-runs")->list_field == "check_runs");
  CHECK(find("/search/issues")->list_field == "items");
  CHECK(find("/installation/repositories")->list_field == "repositories");
  CHECK(find("/repos/o/r/actions/caches")->list_field == "actions_caches");
  CHECK(find("/repos/o/r/issues")->list);
  CHECK(find("/repos/o/r/issues")->list_field.empty());
  CHECK_FALSE(find("/repos/o/r")->list);
}

TEST_CASE("routes of the deny list never leave to peers") {
  for (auto path : {"/user",
                    "/user/repos",
                    "/users/octocat",
                    "/orgs/o",
                    "/organizations/1/repos",
                    "/app",
                    "/installation/repositories",
                    "/search/code",
                    "/notifications",
                    "/repos/o/r/actions/secrets",
                    "/repos/o/r/actions/organization-secrets",
                    "/repos/o/r/actions/variables/X",
                    "/repos/o/r/environments",
                    "/repos/o/r/hooks",
                    "/repos/o/r/keys/1",
                    "/repos/o/r/collaborators",
                    "/repos/o/r/invitations",
                    "/repos/o/r/branches/main/protection",
                    "/repos/o/r/rulesets/1",
                    "/repos/o/r/secret-scanning/alerts",
                    "/repos/o/r/dependabot/alerts",
                    "/repos/o/r/security-advisories",
                    "/repos/o/r/traffic/views",
                    "/repos/o/r/actions/runners",
                    "/repositories/1/actions/runners/2",
                    "/enterprises/e/audit-log"}) {
    INFO(path);
    REQUIRE(find(path));
    CHECK_FALSE(find(path)->shareable);
  }
  for (auto path :
       {"/repos/o/r", "/repos/o/r/pulls", "/repositories/1/issues", "/repositories", "/licenses", "/meta"}) {
    INFO(path);
    CHECK(find(path)->shareable);
  }
}

TEST_CASE("only rate_limit is never stored") {
  for (const auto& route : routes().all()) CHECK(route.store == (route.pattern != "/rate_limit"));
}

TEST_CASE("every pattern finds itself and is listed once") {
  std::set<std::string> seen;
  for (const auto& route : routes().all()) {
    INFO(route.pattern);
    CHECK(seen.insert(route.pattern).second);
    auto found = routes().find(route.pattern);
    REQUIRE(found);
    CHECK(found->pattern == route.pattern);
    CHECK_FALSE(route.operation.empty());
  }
  CHECK(seen.size() > 600);
}

TEST_CASE("an object named by its full SHA does not change") {
  auto is = [](const std::string& path, const std::string& query = "") {
    return immutable(*find(path), request(path, query));
  };
  CHECK(is("/repos/o/r/git/blobs/" + kSha));
  CHECK(is("/repos/o/r/git/trees/" + kSha, "recursive=1"));
  CHECK(is("/repositories/1/commits/" + std::string(64, 'F')));
  CHECK(is("/repos/o/r/contents/src/a.cpp", "ref=" + kSha));
  CHECK_FALSE(is("/repos/o/r/contents/src/a.cpp", "ref=main"));
  CHECK_FALSE(is("/repos/o/r/contents/" + kSha));
  CHECK_FALSE(is("/repos/o/r/commits/main"));
  CHECK_FALSE(is("/repos/o/r/commits/" + kSha.substr(1)));
  CHECK_FALSE(is("/repos/o/r/commits/" + kSha.substr(1) + "g"));
  CHECK_FALSE(is("/repos/o/r/commits/" + kSha + "/status"));
}

TEST_CASE("operation_ttls overrides by operation or by route pattern") {
  Routes table({{}, {}, {{"list_repos", 5}, {"/repos/*/*/pulls", 7}, {"repos/{owner}/{repo}/issues/*", 9}}});
  CHECK(table.find("/user/repos")->ttl == 5);
  CHECK(table.find("/user/583231/repos")->ttl == 5);
  CHECK(table.find("/repos/o/r/pulls")->ttl == 7);
  CHECK(table.find("/repositories/1/pulls")->ttl == 7);
  CHECK(table.find("/repos/o/r/issues/3/comments")->ttl == 9);
  CHECK(table.find("/repos/o/r/actions/runs")->ttl == 120);
}

TEST_CASE("patterns match components, and a trailing star everything below") {
  CHECK(route_pattern_matches("/repos/octo/*", "/repos/octo/hello/pulls/1"));
  CHECK(route_pattern_matches("/repos/octo/**", "/repos/octo/hello"));
  CHECK(route_pattern_matches("/repos/{owner}/{repo}/contents/{path...}", "/repos/octo/hello/contents/src/a.c"));
  CHECK_FALSE(route_pattern_matches("/repos/{owner}/{repo}", "/repos/octo/hello/pulls"));
  CHECK(route_pattern_matches("/repos/*/hello", "/repos/octo/hello"));
  CHECK(route_pattern_matches("/repos/octo/h*o/pulls", "/repos/octo/hello/pulls"));
  CHECK(route_pattern_matches("/repos/**/secrets/*", "/repos/octo/hello/actions/secrets/KEY"));
  CHECK_FALSE(route_pattern_matches("/repos/octo/*", "/repos/octo"));
  CHECK_FALSE(route_pattern_matches("/repos/*/pulls", "/repos/octo/hello/pulls"));
  CHECK_FALSE(route_pattern_matches("/user", "/users"));
}

TEST_CASE("deny wins over allow, in either case and through escapes") {
  Routes table({{"/repos/octo/*"}, {"/repos/octo/private/*", "/repos/octo/private"}, {}});
  CHECK(table.permitted("/repos/octo/hello"));
  CHECK_FALSE(table.permitted("/repos/octo/private"));
  CHECK_FALSE(table.permitted("/repos/OCTO/Private/pulls"));
  CHECK_FALSE(table.permitted("/repos/octo/%70rivate"));
  CHECK_FALSE(table.permitted("/user"));
  CHECK(routes().permitted("/user"));
}

TEST_CASE("a pattern of operation_ttls may name one repository") {
  Routes table({{}, {}, {{"/repos/octo/hello/pulls", 3}, {"/repos/octo/*", 4}, {"/repos/*/*/pulls", 7}}});
  auto ttl = [&](const std::string& path) { return table.ttl(*table.find(path), path); };
  CHECK(ttl("/repos/octo/hello/pulls") == 4);
  CHECK(ttl("/repos/OCTO/other") == 4);
  CHECK(ttl("/repos/o/r/pulls") == 7);
  CHECK(ttl("/repos/o/r/actions/runs") == 120);
}

TEST_CASE("patterns meet when some path matches both") {
  CHECK(route_patterns_meet("/repos/octo/secret/**", "/repos/{owner}/{repo}/issues"));
  CHECK(route_patterns_meet("/repos/octo/*", "/repos/*/hello"));
  CHECK(route_patterns_meet("/repos/**/secrets/*", "/repos/{owner}/{repo}/actions/secrets/KEY"));
  CHECK(route_patterns_meet("/repos/{owner}/{repo}/contents/{path...}", "/repos/o/r/contents/a/b"));
  CHECK_FALSE(route_patterns_meet("/repos/octo/secret/**", "/repos/{owner}/{repo}"));
  CHECK_FALSE(route_patterns_meet("/repos/*/*/pulls", "/repos/{owner}/{repo}/issues"));
  CHECK_FALSE(route_patterns_meet("/repos/octo/*", "/orgs/{org}/repos"));
}

TEST_CASE("what is denied by name is not given by number") {
  Routes table({{}, {"/repos/octo/secret", "/repos/octo/secret/**", "/orgs/hidden/**", "/users/ghost/repos"}, {}});
  for (auto path : {"/repositories/5", "/repositories/5/issues", "/organizations/7/repos", "/user/9/repos"}) {
    INFO(path);
    CHECK_FALSE(table.permitted(path));
  }
  for (auto path : {"/repositories", "/user", "/user/repos", "/repos/octo/hello", "/user/9/orgs", "/organizations/7"}) {
    INFO(path);
    CHECK(table.permitted(path));
  }
  Routes narrow({{}, {"/repos/*/*/actions/secrets/**"}, {}});
  CHECK(narrow.permitted("/repositories/5/issues"));
  CHECK_FALSE(narrow.permitted("/repositories/5/actions/secrets/KEY"));
  CHECK(routes().permitted("/repositories/5"));
}
