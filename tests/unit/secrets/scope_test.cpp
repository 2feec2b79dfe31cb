#include "backends/secrets/scope.h"

#include "tests/catch.h"

using namespace rfs;

namespace {

Context context() {
  Context context;
  context.repository = "Octo/Hello";
  context.workflow_file = "build.yml";
  context.workflow_name = "CI";
  context.runner_id = "runner-1";
  return context;
}

std::string made(ScopeKind kind, std::string_view filter, const Context& where = context()) {
  const auto scope = make_scope(kind, filter, where);
  if (!scope) return std::string(to_word(scope.error().code));
  CHECK(scope->kind == kind);
  return scope->id;
}

std::string readable(const Context& where) {
  std::string out;
  for (const Scope& scope : readable_scopes(where)) out += scope_text(scope) + " ";
  return out;
}

}  // namespace

TEST_CASE("kinds of scopes have a word each, and nothing else is one") {
  for (auto kind : {ScopeKind::kGlobal, ScopeKind::kRepo, ScopeKind::kWorkflow, ScopeKind::kRunner})
    CHECK(parse_scope_kind(scope_word(kind)) == kind);
  for (const char* word : {"", "Global", "organization", "repo "}) CHECK_FALSE(parse_scope_kind(word));
}

TEST_CASE("a filter is read by the form of its kind") {
  CHECK(made(ScopeKind::kGlobal, "").empty());
  CHECK(made(ScopeKind::kRepo, "octo/Other") == "octo/other");
  CHECK(made(ScopeKind::kWorkflow, "octo/Other/Deploy.yml") == "octo/other/Deploy.yml");
  CHECK(made(ScopeKind::kWorkflow, "octo/other/.github/workflows/deploy.yml") == "octo/other/deploy.yml");
  CHECK(made(ScopeKind::kWorkflow, "deploy.yml") == "octo/hello/deploy.yml");
  CHECK(made(ScopeKind::kWorkflow, ".github/workflows/deploy.yml") == "octo/hello/deploy.yml");
  CHECK(made(ScopeKind::kWorkflow, "Nightly build") == "octo/hello/Nightly build");
  CHECK(made(ScopeKind::kRunner, "runner-9") == "runner-9");
}

TEST_CASE("the name of the context's workflow stands for its file") {
  CHECK(made(ScopeKind::kWorkflow, "CI") == "octo/hello/build.yml");
  CHECK(made(ScopeKind::kWorkflow, "octo/other/CI") == "octo/other/CI");
}

TEST_CASE("an empty filter is the context's own") {
  CHECK(made(ScopeKind::kRepo, "") == "octo/hello");
  CHECK(made(ScopeKind::kWorkflow, "") == "octo/hello/build.yml");
  CHECK(made(ScopeKind::kRunner, "") == "runner-1");
  for (auto kind : {ScopeKind::kRepo, ScopeKind::kWorkflow, ScopeKind::kRunner}) CHECK(made(kind, "", {}) == "invalid");
}

TEST_CASE("a filter of another form is refused with a hint") {
  CHECK(made(ScopeKind::kGlobal, "octo/hello") == "invalid");
  for (const char* filter : {"octo", "octo/", "/hello", "octo/hello/x", "octo/..", "octo/a b", "octo\x01/hello"})
    CHECK(made(ScopeKind::kRepo, filter) == "invalid");
  for (const char* filter :
       {"octo/build.yml", "octo//build.yml", "octo/hello/", "octo/hello/..", "build\n.yml", "octo/he llo/b.yml"})
    CHECK(made(ScopeKind::kWorkflow, filter) == "invalid");
  CHECK(made(ScopeKind::kWorkflow, "build.yml", {}) == "invalid");
  CHECK(made(ScopeKind::kRunner, "a\tb") == "invalid");
  CHECK(made(ScopeKind::kRunner, std::string(256, 'r')) == "invalid");
  CHECK_FALSE(make_scope(ScopeKind::kRepo, "octo", context()).error().hint.empty());
}

TEST_CASE("a context reads its own scopes, the narrowest first") {
  CHECK(readable(context()) ==
        "runner:runner-1 workflow:octo/hello/build.yml workflow:octo/hello/CI repo:octo/hello global ");
  CHECK(readable({}) == "global ");
  Context without_repository = context();
  without_repository.repository.clear();
  CHECK(readable(without_repository) == "runner:runner-1 global ");
}

TEST_CASE("names of credentials") {
  for (const char* name : {"API_KEY", "a", "with space", "clé", "a.b", "key=1", "%2F"})
    CHECK(check_credential_name(name));
  CHECK(check_credential_name(std::string(255, 'x')));
  for (const char* name : {"", ".", "..", ".scopes", "a/b", "a\nb", "a\x7f", "\xff", "\xed\xa0\x80"})
    CHECK(check_credential_name(name).error().code == Code::kInvalid);
  CHECK(check_credential_name(std::string_view("a\0b", 3)).error().code == Code::kInvalid);
  CHECK(check_credential_name(std::string(256, 'x')).error().code == Code::kNameTooLong);
}
