#include "cli/secret.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "cli/json_view.h"
#include "cli/message.h"
#include "fs/tree/secret_path.h"
#include "fs/tree/secrets_writer.h"

namespace rfs {
namespace {

constexpr const char* kScopes = "global, repo, workflow or runner";

std::string attribute(const PathInfo& info, std::string_view name) {
  for (const auto& [known, value] : info.xattrs)
    if (known == name) return value;
  return {};
}

Error usage(Error error) {
  error.code = Code::kUsage;
  return error;
}

Result<Scope> scope_of(Access& access, const std::string& word, const std::string& filter) {
  if (word.empty())
    return fail(Code::kUsage, "--filter is given without --scope", "add --scope repo, workflow or runner");
  const auto kind = parse_scope_kind(word);
  if (!kind) return fail(Code::kUsage, fmt::format("there is no scope '{}'", printable(word)), kScopes);
  TRY_ASSIGN(const Context context, context_of(access));
  auto scope = make_scope(*kind, filter, context);
  if (!scope) return fail(usage(std::move(scope.error())));
  return std::move(*scope);
}

}  // namespace

Result<std::unique_ptr<Reach>> reach_secrets(const Given& given) {
  TRY_ASSIGN(auto reach, Reach::open(given));
  if (!reach->in_this_process()) return reach;
  TRY_ASSIGN(const PathInfo root, reach->access().stat("secrets", false));
  if (attribute(root, "user.runnerfs.isolation") == "job")
    return fail(Code::kUnsupported, "the credentials of a job live in the memory of a daemon, and none is running",
                "start one with `runnerfs mount` or `runnerfs serve`, or keep them with --isolation user");
  return reach;
}

Result<Context> context_of(Access& access) {
  TRY_ASSIGN(const std::string daemon, read_tree(access, ".runnerfs/daemon.json"));
  Context out;
  out.repository = json_text(daemon, "context.repository");
  out.workflow_file = json_text(daemon, "context.workflow_file");
  out.workflow_name = json_text(daemon, "context.workflow_name");
  out.runner_id = json_text(daemon, "context.runner");
  return out;
}

Result<std::string> scope_path(Access& access, const std::string& scope, const std::string& filter) {
  if (scope.empty() && filter.empty()) return std::string("secrets");
  TRY_ASSIGN(const Scope made, scope_of(access, scope, filter));
  return "secrets/" + scope_directory(made);
}

Result<std::string> credential_path(Access& access, const std::string& scope, const std::string& filter,
                                    const std::string& name) {
  if (auto checked = check_credential_name(name); !checked) return fail(usage(std::move(checked.error())));
  TRY_ASSIGN(const std::string directory, scope_path(access, scope, filter));
  return directory + "/" + name;
}

Result<std::string> credential_path(Access& access, const Given& given, const std::string& name) {
  return credential_path(access, given.get("--scope"), given.get("--filter"), name);
}

Result<SecretBytes> read_secret(int fd, const std::string& what, int millis, std::size_t most) {
  constexpr std::size_t kFirst = 64u << 10;
  SecretBytes buffer(std::min(kFirst, most + 1));
  std::size_t size = 0;
  for (;;) {
    if (size == buffer.size()) {
      if (size > most) break;
      SecretBytes larger(std::min(size * 4, most + 1));
      std::copy_n(buffer.reveal().begin(), size, larger.reveal_mutable().begin());
      buffer = std::move(larger);
    }
    pollfd ready{fd, POLLIN, 0};
    if (millis >= 0 && ::poll(&ready, 1, millis) == 0) return fail(Code::kTimeout, what + " gave nothing in time");
    const ssize_t got = ::read(fd, buffer.reveal_mutable().data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, what);
    if (got == 0) return SecretBytes::copy_of(buffer.reveal().first(size));
    size += static_cast<std::size_t>(got);
  }
  if (most == Vault::kMaxValue)
    return fail(Code::kTooLarge, "a credential's value is larger than 1 MiB", "store a key that opens it instead");
  return fail(Code::kTooLarge, fmt::format("{} is larger than {} MiB", what, most >> 20), "give it in parts");
}

Result<SecretBytes> read_credential(Access& access, const std::string& path) {
  SecretBytes out;
  TRY(access.cat(path, [&](BytesView bytes) {
    SecretBytes more(out.size() + bytes.size());
    const auto to = more.reveal_mutable();
    std::copy(out.reveal().begin(), out.reveal().end(), to.begin());
    std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(out.size()));
    out = std::move(more);
    return true;
  }));
  return out;
}

Result<Access::Attributes> put_attributes(const std::string& ttl, bool allow_untrusted, bool must_exist) {
  Access::Attributes out;
  if (!ttl.empty()) {
    if (auto checked = parse_ttl(ttl); !checked) return fail(usage(std::move(checked.error())));
    out.emplace_back("user.runnerfs.ttl", ttl);
  }
  if (allow_untrusted) out.emplace_back("user.runnerfs.allow-untrusted", "1");
  if (must_exist) out.emplace_back("user.runnerfs.must-exist", "1");
  return out;
}

Result<std::vector<SecretRow>> list_secrets(Access& access, const std::string& directory, bool deep) {
  TRY_ASSIGN(const auto found, access.list(directory));
  std::vector<SecretRow> out;
  for (const PathInfo& one : found) {
    SecretRow row;
    row.path = one.path;
    row.name = one.path.substr(one.path.rfind('/') + 1);
    if (one.directory) {
      if (!deep) continue;
      TRY_ASSIGN(auto below, list_secrets(access, one.path, true));
      std::move(below.begin(), below.end(), std::back_inserter(out));
      continue;
    }
    if (one.path == "secrets/README") continue;
    const auto info = access.stat(one.path, false);
    if (!info && info.error().code == Code::kNotFound) continue;  // removed meanwhile
    if (!info) return fail(info.error());
    row.size = info->size;
    const std::string scope = attribute(*info, "user.runnerfs.scope");
    row.scope = scope.substr(0, scope.find(':'));
    row.filter = scope.find(':') == std::string::npos ? "" : scope.substr(scope.find(':') + 1);
    row.version = attribute(*info, "user.runnerfs.version");
    row.created = attribute(*info, "user.runnerfs.created");
    row.expires = attribute(*info, "user.runnerfs.expires");
    row.ttl = attribute(*info, "user.runnerfs.ttl");
    out.push_back(std::move(row));
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> chosen_secrets(Access& access,
                                                                        const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& name : names) {
    TRY_ASSIGN(std::string path, credential_path(access, "", "", name));
    out.emplace_back(name, std::move(path));
  }
  if (!names.empty()) return out;
  TRY_ASSIGN(const auto listed, list_secrets(access, "secrets", false));
  for (const SecretRow& one : listed) out.emplace_back(one.name, one.path);
  return out;
}

}  // namespace rfs
