// The names below secrets/: which credential, which scope or which directory a path means. Pure.
//
//   NAME                                        the credential that the mount's context sees
//   .scopes/global/NAME
//   .scopes/repo/OWNER/REPO/NAME
//   .scopes/workflow/OWNER/REPO/FILE/NAME       and WORKFLOW/NAME: of the mount's repository
//   .scopes/runner/ID/NAME
//
// A filter may also be one component, with '/' written %2F and '%' %25.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backends/secrets/scope.h"

namespace rfs {

struct SecretPath {
  enum class What {
    kRoot,        // ""
    kReadme,
    kEffective,   // name
    kScopes,      // .scopes
    kGroup,       // scopes of `kind` whose id begins with `prefix`: .scopes/repo, .scopes/repo/OWNER, …
    kScope,       // scope
    kCredential,  // scope, name
    kAbsent,      // no such name can exist
  };
  What what = What::kAbsent;
  std::string name;
  std::optional<Scope> scope;
  ScopeKind kind = ScopeKind::kGlobal;
  std::string prefix;  // "", "octo/", "octo/hello/"
  // .scopes/workflow/A/B may be a credential of the workflow A, or the directory of a repository. What it is when no
  // such credential is held: kGroup with a scope and a name.
  bool ambiguous() const { return what == What::kGroup && !name.empty(); }
};

// kInvalid: a name that no credential may have, a broken % escape, a filter that is not of its scope's form.
// kNotDirectory: below a credential.
Result<SecretPath> parse_secret_path(std::string_view path, const Context& context);

// The component that stands for a part of a scope's id: '/', '%' and control bytes as %XX.
std::string scope_component(std::string_view part);
// ".scopes/repo/octo/hello", ".scopes/workflow/octo/hello/build.yml", ….
std::string scope_directory(const Scope& scope);

}  // namespace rfs
