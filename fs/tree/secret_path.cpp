#include "fs/tree/secret_path.h"

#include <algorithm>
#include <vector>

#include "base/encode.h"
#include "fs/tree/readme.h"

namespace rfs {
namespace {

using What = SecretPath::What;
using Parts = std::vector<std::string_view>;

Parts split(std::string_view path) {
  Parts out;
  while (!path.empty()) {
    const auto slash = path.find('/');
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return out;
}

// What GitHub lets an account be called; anything else is no owner.
bool may_be_owner(std::string_view part) {
  return std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// As secrets usually are called, and repositories are not.
bool looks_like_secret(std::string_view part) {
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

Result<std::string> decoded(std::string_view part) {
  auto out = percent_decode(part);
  if (!out)
    return fail(Code::kInvalid, "a % in a scope's name is not followed by two hex digits", "'%' is written %25");
  return std::move(*out);
}

tl::unexpected<Error> below_credential() { return fail(Code::kNotDirectory, "a credential is a file"); }

SecretPath group(ScopeKind kind, std::string prefix) {
  SecretPath out;
  out.what = What::kGroup;
  out.kind = kind;
  out.prefix = std::move(prefix);
  return out;
}

// The scope's directory, or a credential in it: `rest` is what follows the scope.
Result<SecretPath> in_scope(Scope scope, const Parts& rest) {
  SecretPath out;
  out.kind = scope.kind;
  out.scope = std::move(scope);
  out.what = rest.empty() ? What::kScope : What::kCredential;
  if (rest.empty()) return out;
  // Programs look for .git, .Trash and the like everywhere; creating such a name is refused by the vault.
  if (rest[0].starts_with(".") && rest.size() == 1)
    out.what = What::kAbsent;
  else
    TRY(check_credential_name(rest[0]));
  if (rest.size() > 1) return below_credential();
  out.name = std::string(rest[0]);
  return out;
}

Result<SecretPath> in_filter(ScopeKind kind, std::string_view filter, const Parts& rest, const Context& context) {
  TRY_ASSIGN(Scope scope, make_scope(kind, filter, context));
  return in_scope(std::move(scope), rest);
}

Parts after(const Parts& parts, std::size_t n) { return {parts.begin() + static_cast<std::ptrdiff_t>(n), parts.end()}; }

Result<SecretPath> repo_path(const Parts& parts, const Context& context) {
  constexpr auto kKind = ScopeKind::kRepo;
  if (parts.empty()) return group(kKind, "");
  TRY_ASSIGN(const std::string first, decoded(parts[0]));
  if (first.find('/') != std::string::npos) return in_filter(kKind, first, after(parts, 1), context);
  if (parts.size() == 1) return group(kKind, first + "/");
  TRY_ASSIGN(const std::string second, decoded(parts[1]));
  return in_filter(kKind, first + "/" + second, after(parts, 2), context);
}

Result<SecretPath> workflow_path(const Parts& parts, const Context& context) {
  constexpr auto kKind = ScopeKind::kWorkflow;
  if (parts.empty()) return group(kKind, "");
  TRY_ASSIGN(const std::string first, decoded(parts[0]));
  const bool own = first == context.workflow_name || first == context.workflow_file;
  if (own || !may_be_owner(first)) return in_filter(kKind, first, after(parts, 1), context);
  if (parts.size() == 1) return group(kKind, first + "/");
  TRY_ASSIGN(const std::string second, decoded(parts[1]));
  if (parts.size() == 2) {
    SecretPath out = group(kKind, first + "/" + second + "/");
    const auto alias = make_scope(kKind, first, context);
    if (!alias || !check_credential_name(second)) return out;
    out.name = second;
    out.scope = *alias;
    if (looks_like_secret(second)) out.what = What::kCredential;
    return out;
  }
  TRY_ASSIGN(const std::string third, decoded(parts[2]));
  return in_filter(kKind, first + "/" + second + "/" + third, after(parts, 3), context);
}

Result<SecretPath> below_scopes(const Parts& parts, const Context& context) {
  SecretPath out;
  out.what = What::kScopes;
  if (parts.empty()) return out;
  const auto kind = parse_scope_kind(parts[0]);
  out.what = What::kAbsent;
  if (!kind) return out;
  const Parts rest = after(parts, 1);
  switch (*kind) {
    case ScopeKind::kGlobal:
      return in_scope(Scope{}, rest);
    case ScopeKind::kRepo:
      return repo_path(rest, context);
    case ScopeKind::kWorkflow:
      return workflow_path(rest, context);
    case ScopeKind::kRunner: {
      if (rest.empty()) return group(*kind, "");
      TRY_ASSIGN(const std::string id, decoded(rest[0]));
      return in_filter(*kind, id, after(rest, 1), context);
    }
  }
  return out;
}

}  // namespace

Result<SecretPath> parse_secret_path(std::string_view path, const Context& context) {
  const Parts parts = split(path);
  SecretPath out;
  out.what = What::kRoot;
  if (parts.empty()) return out;
  if (parts[0] == ".scopes") return below_scopes(after(parts, 1), context);
  out.what = What::kEffective;
  if (parts[0] == kReadmeName)
    out.what = What::kReadme;
  else if (parts[0].starts_with("."))
    out.what = What::kAbsent;
  else
    TRY(check_credential_name(parts[0]));
  if (parts.size() > 1) return below_credential();
  out.name = std::string(parts[0]);
  return out;
}

std::string scope_component(std::string_view part) {
  std::string out;
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/' || c == '%' || byte < 0x20 || byte == 0x7f) {
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::string scope_directory(const Scope& scope) {
  const std::string top = ".scopes/" + std::string(scope_word(scope.kind));
  if (scope.kind == ScopeKind::kGlobal) return top;
  if (scope.kind == ScopeKind::kRunner) return top + "/" + scope_component(scope.id);
  // owner/repo, and for a workflow the rest is one component.
  const std::size_t owner = scope.id.find('/');
  const std::size_t repo = scope.kind == ScopeKind::kRepo ? std::string::npos : scope.id.find('/', owner + 1);
  std::string out = top + "/" + scope_component(scope.id.substr(0, owner)) + "/" +
                    scope_component(scope.id.substr(owner + 1, repo == std::string::npos ? repo : repo - owner - 1));
  if (repo != std::string::npos) out += "/" + scope_component(scope.id.substr(repo + 1));
  return out;
}

}  // namespace rfs
