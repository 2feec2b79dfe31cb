// Validation fields and hashes, against values computed with Python:
// json.dumps(fields, sort_keys=True), and the CIDv1 of its SHA-256.
#include <nlohmann/json.hpp>

#include "backends/cache/operations.h"
#include "backends/cache/validation.h"
#include "tests/catch.h"

using namespace rfs;

namespace {
std::string fields_of(const char* operation, const char* data) {
  return validation_fields(operation, nlohmann::json::parse(data));
}
}  // namespace

TEST_CASE("validation fields are those of the Python implementation, by operation") {
  struct Case {
    const char *operation, *data, *fields;
  };
  const Case cases[] = {
      {"list_repos",
       R"([{"name":"hello","updatedAt":"2025-11-01T10:00:00Z","pushedAt":"2025-11-02T10:00:00Z","x":1},{"name":"wörld"}])",
       R"({"hello": {"pushedAt": "2025-11-02T10:00:00Z", "updatedAt": "2025-11-01T10:00:00Z"}, "w\u00f6rld": {"pushedAt": null, "updatedAt": null}})"},
      {"list_repos_of_org", R"([{"url":"u","updatedAt":"t"}])", R"({"u": {"pushedAt": null, "updatedAt": "t"}})"},
      {"get_repo_info", R"({"id":1,"updated_at":"2025-11-01T10:00:00Z","pushed_at":"2025-11-02T10:00:00Z"})",
       R"({"pushedAt": "2025-11-02T10:00:00Z", "updatedAt": "2025-11-01T10:00:00Z"})"},
      {"get_workflow_runs",
       R"([{"databaseId":42,"status":"completed","conclusion":"success","updatedAt":"t1"},{"id":7,"status":"queued","updated_at":"t2"}])",
       R"({"42": {"conclusion": "success", "status": "completed", "updatedAt": "t1"}, "7": {"conclusion": null, "status": "queued", "updatedAt": "t2"}})"},
      {"list_runners", R"([{"id":1,"status":"online","busy":true},{"name":"self-1","status":"offline","busy":false}])",
       R"({"1": {"busy": true, "status": "online"}, "self-1": {"busy": false, "status": "offline"}})"},
      {"get_runner_status", R"({"id":1,"status":"online","busy":false})", R"({"busy": false, "status": "online"})"},
      {"list_issues", R"([{"number":12,"id":99,"state":"open","updatedAt":"t","comments":3}])",
       R"({"12": {"comments": 3, "state": "open", "updatedAt": "t"}})"},
      {"list_pulls",
       R"([{"number":9,"state":"open","updated_at":"t","mergeableState":"CLEAN","reviews":{"totalCount":2}}])",
       R"({"9": {"mergeable": "CLEAN", "reviews": 2, "state": "open", "updatedAt": "t"}})"},
      {"get_pr", R"({"state":"open","updatedAt":"t","mergeable":"CLEAN","reviews":[1]})",
       R"({"mergeable": "CLEAN", "reviews": 0, "state": "open", "updatedAt": "t"})"},
      {"list_comments", R"([{"id":5,"updatedAt":"t","body":"ab\u00e9\ud83d\ude00"}])",
       R"({"5": {"bodyLength": 4, "updatedAt": "t"}})"},
      {"list_commits", R"([{"sha":"abc","commit":{"committer":{"date":"d"}}}])",
       R"({"abc": {"date": "d", "sha": "abc"}})"},
      {"list_releases", R"([{"id":3,"tag_name":"v1","published_at":"p"}])",
       R"({"3": {"publishedAt": "p", "tagName": "v1"}})"},
      {"list_branches", R"([{"name":"main","protected":true,"commit":{"sha":"abc"}}])",
       R"({"main": {"name": "main", "protected": true, "sha": "abc"}})"},
      {"list_tags", R"([{"name":"v1"}])", R"({"v1": {"name": "v1", "sha": ""}})"},
      {"list_deployments", R"([{"id":8,"state":"active","updatedAt":"t"}])",
       R"({"8": {"id": "8", "state": "active", "updatedAt": "t"}})"},
      {"list_checks", R"([{"name":"build","status":"completed","conclusion":"failure","completed_at":"c"}])",
       R"({"build": {"completedAt": "c", "conclusion": "failure", "status": "completed"}})"},
      // None at all.
      {"copilot_pr_review", R"({"state":"open"})", ""},
      {"anything", R"({"updatedAt":"t"})", ""},
      {"list_repos", "[]", ""},
      {"list_repos", "[1,2]", ""},
      {"get_repo_info", "0", ""},
  };
  for (const Case& one : cases) {
    INFO(one.operation << " " << one.data);
    CHECK(fields_of(one.operation, one.data) == one.fields);
  }
}

TEST_CASE("the content hash is the CID that Python computes, and its plain SHA-256 is accepted too") {
  const std::string fields = R"({"pushedAt": "2025-11-02T10:00:00Z", "updatedAt": "2025-11-01T10:00:00Z"})";
  CHECK(content_hash(fields) == "bafkreidqe6gk7ngmzxg4ai3fb32ux7fugsq6vsejejfz43u7vll7jqpfnm");
  CHECK(content_hash_is("bafkreidqe6gk7ngmzxg4ai3fb32ux7fugsq6vsejejfz43u7vll7jqpfnm", fields));
  CHECK(content_hash_is("70278cafb4cccdcdc023650ef54bfcb434a1eac889224b9e6e9faad7f4c1e56b", fields));
  CHECK_FALSE(content_hash_is("bafkreiaw7i2ktmfwa37glyi4nc5b5sg7e74ktolzjb4nthvw5cdbpm37mm", fields));
  CHECK_FALSE(content_hash_is("", fields));
  CHECK(content_hash(R"({"x": "\ud83d\ude00"})") == "bafkreigvufczbuqdyba4juigxchhu6ms2qfs6zycbzci6aycf4fp2tukwq");
}

TEST_CASE("given fields are brought into the hashed form first") {
  CHECK(canonical_fields("{\"x\":\"\xf0\x9f\x98\x80\", \"a\" : 1.0}").value() == R"({"a": 1.0, "x": "\ud83d\ude00"})");
  CHECK(canonical_fields("[]").error().code == Code::kInvalid);
  CHECK(canonical_fields("{").error().code == Code::kInvalid);
}

TEST_CASE("an operation is what stands before the first colon, and has its own lifetime") {
  CHECK(operation_of("list_repos:owner:limit=10") == "list_repos");
  CHECK(operation_of("plain") == "plain");
  CHECK(operation_ttl("list_repos") == 600);
  CHECK(operation_ttl("get_workflow_run") == 60);
  CHECK(operation_ttl("codeql") == 86400);
  CHECK(operation_ttl("unheard_of") == std::nullopt);
}
