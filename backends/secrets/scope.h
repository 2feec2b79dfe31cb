// Scopes of credentials, and which of them a context may read. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/secrets/context.h"
#include "base/result.h"

namespace rfs {

// The numbers are part of ids on disk (runnerfs-formats(7)). A higher one is narrower and wins.
enum class ScopeKind : std::uint8_t { kGlobal = 1, kRepo = 2, kWorkflow = 3, kRunner = 4 };

struct Scope {
  ScopeKind kind = ScopeKind::kGlobal;
  // "" for global; "owner/repo" (lower case: GitHub's names are not case-sensitive) for repo; "owner/repo/file.yml" for
  // workflow (the repository in lower case); the runner's id for runner.
  std::string id;
  bool operator==(const Scope&) const = default;
};

std::string_view scope_word(ScopeKind kind);  // "global" | "repo" | "workflow" | "runner"
std::optional<ScopeKind> parse_scope_kind(std::string_view word);

// "global", "repo:octo/hello": in audit lines and messages.
std::string scope_text(const Scope& scope);

// kInvalid for a filter that is not of the kind's form: repo wants owner/repo, workflow owner/repo/file or, within the
// context's repository, a file or name; runner an id; global none. An empty filter means the context's own. The name of
// the context's workflow stands for its file; another name, of which no file is known, is a scope by that name.
Result<Scope> make_scope(ScopeKind kind, std::string_view filter, const Context& context);
// The scopes that a context may read, narrowest first: runner, the workflow's file, its name, repository, global.
std::vector<Scope> readable_scopes(const Context& context);

// A credential's name: 1 to 255 bytes, no '/', no bytes below 0x20, no 0x7f, valid UTF-8, not "." or "..", no leading
// '.'.
Result<> check_credential_name(std::string_view name);

}  // namespace rfs
