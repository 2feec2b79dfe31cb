#include "backends/secrets/scope.h"

#include <algorithm>

#include "base/json_text.h"

namespace rfs {
namespace {

constexpr std::string_view kWords[] = {"global", "repo", "workflow", "runner"};
constexpr std::size_t kMostName = 255;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// UTF-8 without control bytes.
bool is_plain_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0 || byte < 0x20 || byte == 0x7f) return false;
    at += length;
  }
  return true;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kMostName && is_plain_text(text) && text != "." && text != "..";
}

Scope workflow_scope(std::string_view repository, std::string_view file) {
  return {ScopeKind::kWorkflow, lower(repository) + "/" + std::string(file)};
}

Result<Scope> repo_scope(std::string_view filter, const Context& context) {
  if (filter.empty()) filter = context.repository;
  if (filter.empty())
    return fail(Code::kInvalid, "the scope repo needs a repository, and none is known",
                "give --filter owner/repo or --repo owner/repo");
  if (!is_repository(filter))
    return fail(Code::kInvalid, "the filter of the scope repo is not of the form owner/repo", "write it as octo/hello");
  return Scope{ScopeKind::kRepo, lower(filter)};
}

Result<Scope> workflow_scope_of(std::string_view filter, const Context& context) {
  if (filter.empty()) filter = context.workflow_file.empty() ? context.workflow_name : context.workflow_file;
  if (filter.empty())
    return fail(Code::kInvalid, "the scope workflow needs a workflow, and none is known",
                "give --filter owner/repo/build.yml or --workflow build.yml");
  const std::size_t slashes = static_cast<std::size_t>(std::count(filter.begin(), filter.end(), '/'));
  std::string repository = context.repository;
  std::string_view file = filter;
  constexpr std::string_view kFolder = ".github/workflows/";
  if (slashes >= 2 && !filter.starts_with(kFolder)) {
    const std::size_t end = filter.find('/', filter.find('/') + 1);
    repository = std::string(filter.substr(0, end));
    file = filter.substr(end + 1);
  } else if (filter == context.workflow_name && !context.workflow_file.empty()) {
    file = context.workflow_file;
  }
  if (file.starts_with(kFolder)) file.remove_prefix(kFolder.size());
  if (repository.empty())
    return fail(Code::kInvalid, "a workflow belongs to a repository, and none is known",
                "give --filter owner/repo/build.yml or --repo owner/repo");
  if (!is_repository(repository) || slashes == 1 || !is_label(file))
    return fail(Code::kInvalid, "the filter of the scope workflow is not of the form owner/repo/file",
                "write it as octo/hello/build.yml, or as build.yml within the mount's repository");
  return workflow_scope(repository, file);
}

Result<Scope> runner_scope(std::string_view filter, const Context& context) {
  if (filter.empty()) filter = context.runner_id;
  if (filter.empty())
    return fail(Code::kInvalid, "the scope runner needs a runner's id, and none is known",
                "give --filter ID or --runner ID");
  if (!is_label(filter))
    return fail(Code::kInvalid, "the filter of the scope runner is no runner's id",
                "1 to 255 bytes of UTF-8 without control characters");
  return Scope{ScopeKind::kRunner, std::string(filter)};
}

}  // namespace

std::string_view scope_word(ScopeKind kind) { return kWords[static_cast<std::size_t>(kind) - 1]; }

std::optional<ScopeKind> parse_scope_kind(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kWords); ++i)
    if (word == kWords[i]) return static_cast<ScopeKind>(i + 1);
  return std::nullopt;
}

std::string scope_text(const Scope& scope) {
  std::string out(scope_word(scope.kind));
  return scope.id.empty() ? out : out + ":" + scope.id;
}

Result<Scope> make_scope(ScopeKind kind, std::string_view filter, const Context& context) {
  switch (kind) {
    case ScopeKind::kRepo:
      return repo_scope(filter, context);
    case ScopeKind::kWorkflow:
      return workflow_scope_of(filter, context);
    case ScopeKind::kRunner:
      return runner_scope(filter, context);
    case ScopeKind::kGlobal:
      break;
  }
  if (!filter.empty()) return fail(Code::kInvalid, "the scope global takes no filter", "leave the filter out");
  return Scope{};
}

std::vector<Scope> readable_scopes(const Context& context) {
  std::vector<Scope> out;
  if (is_label(context.runner_id)) out.push_back({ScopeKind::kRunner, context.runner_id});
  if (!context.repository.empty()) {
    for (const std::string& workflow : {context.workflow_file, context.workflow_name})
      if (is_label(workflow)) out.push_back(workflow_scope(context.repository, workflow));
    out.push_back({ScopeKind::kRepo, lower(context.repository)});
  }
  out.push_back({});
  return out;
}

Result<> check_credential_name(std::string_view name) {
  if (name.size() > kMostName)
    return fail(Code::kNameTooLong, "the name of a credential is longer than 255 bytes", "choose a shorter name");
  if (name.empty()) return fail(Code::kInvalid, "the name of a credential is empty", "choose a name such as API_KEY");
  if (name.find('/') != std::string_view::npos)
    return fail(Code::kInvalid, "the name of a credential has a slash",
                "scopes are given by --scope and --filter, not in the name");
  if (name[0] == '.')
    return fail(Code::kInvalid, "the name of a credential begins with a dot", "choose a name such as API_KEY");
  if (!is_plain_text(name))
    return fail(Code::kInvalid, "the name of a credential has control characters or is not UTF-8",
                "choose a name such as API_KEY");
  return {};
}

}  // namespace rfs
