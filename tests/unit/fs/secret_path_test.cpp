#include "fs/tree/secret_path.h"

#include "tests/catch.h"

using namespace rfs;
using What = SecretPath::What;

namespace {

Context context() {
  Context out;
  out.repository = "octo/hello";
  out.workflow_file = "build.yml";
  out.workflow_name = "Build";
  out.runner_id = "r1";
  return out;
}

SecretPath at(std::string_view path) { return parse_secret_path(path, context()).value(); }
Code failure(std::string_view path) { return parse_secret_path(path, context()).error().code; }

// "scope name" of a credential's path.
std::string credential(std::string_view path) {
  const SecretPath where = at(path);
  if (where.what != What::kCredential) return "none";
  return scope_text(where.scope.value()) + " " + where.name;
}

}  // namespace

TEST_CASE("a plain name is what the context sees") {
  CHECK(at("").what == What::kRoot);
  CHECK(at("README").what == What::kReadme);
  CHECK(at("KEY").what == What::kEffective);
  CHECK(at("KEY").name == "KEY");
  CHECK(at(".git").what == What::kAbsent);
  CHECK(failure("a\x01") == Code::kInvalid);
  CHECK(failure("KEY/below") == Code::kNotDirectory);
}

TEST_CASE("each scope has its directory and its credentials") {
  CHECK(at(".scopes").what == What::kScopes);
  CHECK(at(".scopes/global").what == What::kScope);
  CHECK(credential(".scopes/global/KEY") == "global KEY");
  CHECK(at(".scopes/repo").what == What::kGroup);
  CHECK(at(".scopes/repo/octo").prefix == "octo/");
  CHECK(at(".scopes/repo/octo/hello").what == What::kScope);
  CHECK(credential(".scopes/repo/Octo/Hello/KEY") == "repo:octo/hello KEY");
  CHECK(credential(".scopes/repo/octo%2Fhello/KEY") == "repo:octo/hello KEY");
  CHECK(credential(".scopes/runner/a%2Fb/KEY") == "runner:a/b KEY");
  CHECK(credential(".scopes/workflow/o/r/f.yml/KEY") == "workflow:o/r/f.yml KEY");
  CHECK(credential(".scopes/workflow/o%2Fr%2Ff.yml/KEY") == "workflow:o/r/f.yml KEY");
  CHECK(at(".scopes/planet").what == What::kAbsent);
  CHECK(failure(".scopes/repo/bad owner/x/KEY") == Code::kInvalid);
  CHECK(failure(".scopes/runner/a%2/KEY") == Code::kInvalid);
  CHECK(failure(".scopes/global/KEY/x") == Code::kNotDirectory);
}

TEST_CASE("a workflow of the mount's repository needs no repository in its path") {
  CHECK(credential(".scopes/workflow/build.yml/KEY") == "workflow:octo/hello/build.yml KEY");
  CHECK(credential(".scopes/workflow/Build/KEY") == "workflow:octo/hello/build.yml KEY");
  CHECK(credential(".scopes/workflow/other.yml/key") == "workflow:octo/hello/other.yml key");
}

TEST_CASE("two parts below workflow are a credential or the directory of a repository") {
  // What looks like a secret's name is one, unless such a repository holds something.
  CHECK(credential(".scopes/workflow/deploy/API_KEY") == "workflow:octo/hello/deploy API_KEY");
  CHECK(at(".scopes/workflow/deploy/API_KEY").prefix == "deploy/API_KEY/");
  const SecretPath either = at(".scopes/workflow/acme/tools");
  CHECK(either.what == What::kGroup);
  CHECK(either.ambiguous());
  CHECK(either.name == "tools");
  CHECK(at(".scopes/workflow/acme/tools/ci.yml").what == What::kScope);
}

TEST_CASE("a scope's directory leads back to it") {
  for (const Scope& scope :
       {Scope{}, Scope{ScopeKind::kRepo, "octo/hello"}, Scope{ScopeKind::kWorkflow, "o/r/build.yml"},
        Scope{ScopeKind::kWorkflow, "o/r/a/b%c"}, Scope{ScopeKind::kRunner, "host/1 %"}}) {
    INFO(scope_directory(scope));
    const SecretPath where = at(scope_directory(scope));
    CHECK(where.what == What::kScope);
    CHECK(where.scope == scope);
  }
}
