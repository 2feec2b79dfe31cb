// Scopes of credentials, and which of them a context may read. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

// The numbers are part of ids on disk (runnerfs-formats(7)). A higher one is narrower and wins.
enum class ScopeKind : std::uint8_t { kGlobal = 1, kRepo = 2, kWorkflow = 3, kRunner = 4 };

struct Scope {
  ScopeKind kind = ScopeKind::kGlobal;
  // "" for global; "owner/repo" (lower case: GitHub's names are not case-sensitive) for repo; "owner/repo/file.yml" for
  // workflow; the runner's id for runner.
  std::string id;
  bool operator==(const Scope&) const = default;
};

std::string_view scope_word(ScopeKind kind);  // "global" | "repo" | "workflow" | "runner"
std::optional<ScopeKind> parse_scope_kind(std::string_view word);

// What a mount is for: fixed when mounting, by options, else by the environment of the mounting process. Never taken
// from a reader.
struct Context {
  std::string repository;       // "octo/hello"; "" unknown
  std::string repository_id;    // decimal; "" unknown
  std::string workflow_file;    // "build.yml", from GITHUB_WORKFLOW_REF or --workflow
  std::string workflow_name;    // GITHUB_WORKFLOW: an alias below .scopes/workflow/<name>/
  std::string runner_id;
  std::string event;            // GITHUB_EVENT_NAME
  std::string head_repository;  // of a pull request
  std::string actor;
  // True where GitHub itself gives no secrets: pull_request from a fork, Dependabot. `untrusted_why` says which.
  bool untrusted = false;
  std::string untrusted_why;
};

// kInvalid for a filter that is not of the kind's form: repo wants owner/repo, workflow owner/repo/file or, within the
// context's repository, a file or name; runner an id; global none. An empty filter means the context's own.
Result<Scope> make_scope(ScopeKind kind, std::string_view filter, const Context& context);
// The scopes that a context may read, narrowest first.
std::vector<Scope> readable_scopes(const Context& context);

// A credential's name: 1 to 255 bytes, no '/', no bytes below 0x20, no 0x7f, valid UTF-8, not "." or "..", no leading '.'.
Result<> check_credential_name(std::string_view name);

}  // namespace rfs
