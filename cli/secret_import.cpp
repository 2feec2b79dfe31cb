// secret import: the JSON array of inject-credentials, a directory with one file a credential (a Kubernetes Secret,
// systemd credentials), or the store of the Python implementation.
#include "cli/secret_import.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "backends/secrets/vault.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/handle.h"
#include "base/time.h"
#include "cli/message.h"
#include "cli/secret.h"

namespace rfs {
namespace {

constexpr std::size_t kMostFile = 64u << 20;

// Names that begin with a dot are the directory's own bookkeeping (..data).
Result<Imports> from_directory(const std::string& path) {
  const Handle<DIR, closedir> directory(::opendir(path.c_str()));
  if (!directory) return fail_errno(errno, path);
  Imports out;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    Imported one;
    one.name = entry->d_name;
    const Fd file(::openat(::dirfd(directory.get()), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return fail_errno(errno, path + "/" + one.name);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    TRY_ASSIGN(const SecretBytes value, read_secret(file.get(), path + "/" + one.name));
    one.value = out.keep(value.reveal());
    out.add(std::move(one));
  }
  std::sort(out.begin(), out.end(), [](const Imported& a, const Imported& b) { return a.name < b.name; });
  return out;
}

Result<SecretBytes> whole_file(const std::string& path, std::size_t most) {
  const Fd file(path == "-" ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (path != "-" && !file) return fail_errno(errno, path);
  return read_secret(path == "-" ? STDIN_FILENO : file.get(), path == "-" ? "stdin" : path, -1, most);
}

Result<Imports> collect(const Given& given, std::size_t& expired) {
  const bool directory = given.has("--from-dir");
  if (directory == (given.arguments.size() == 1))
    return fail(Code::kUsage, "secret import: give a file, - or --from-dir DIR", "`runnerfs secret import --help`");
  if (directory) return from_directory(given.get("--from-dir"));
  const std::string& path = given.arguments[0];
  if (given.has("--key-file")) {
    TRY_ASSIGN(const std::string file, read_file(path, kMostFile));
    TRY_ASSIGN(const SecretBytes key, whole_file(given.get("--key-file"), Vault::kMaxValue));
    return parse_reference_store(view(file), key, SystemClock().wall(), expired);
  }
  TRY_ASSIGN(const SecretBytes json, whole_file(path, kMostFile));
  return parse_import(json);
}

// (scope, filter) → directory: asked for once each, as the context may be a daemon's.
using Directories = std::map<std::pair<std::string, std::string>, std::string>;

Result<std::string> path_of(Access& access, const Given& given, const Imported& one, Directories& known) {
  const bool own = !one.scope.empty();
  std::pair key(own ? one.scope : given.get("--scope"), own ? one.filter : given.get("--filter"));
  if (auto found = known.find(key); found != known.end() && check_credential_name(one.name))
    return found->second + "/" + one.name;
  TRY_ASSIGN(const std::string path, credential_path(access, key.first, key.second, one.name));
  known.emplace(std::move(key), path.substr(0, path.rfind('/')));
  return path;
}

// What one of them is to the tree. The message of a failure names it.
Result<NewFile> planned(Access& access, const Given& given, const Imported& one, Directories& known) {
  const auto about = [&](Error error) {
    error.message = fmt::format("credential {}: {}", printable(one.name), error.message);
    return fail(std::move(error));
  };
  if (one.null) return about({Code::kInvalid, "there is no value", "give it as text"});
  const auto path = path_of(access, given, one, known);
  if (!path) return about(path.error());
  const auto attributes = put_attributes(one.ttl.empty() ? given.get("--ttl") : one.ttl, one.allow_untrusted, false);
  if (!attributes) return about(attributes.error());
  if (one.value.size() > Vault::kMaxValue)
    return about({Code::kTooLarge, "its value is larger than 1 MiB", "store a key that opens it instead"});
  return NewFile{*path, one.value.reveal(), *attributes};
}

// In parts that a daemon takes at once; each is stored whole or not at all.
Result<> store_all(Access& access, const std::vector<NewFile>& plan) {
  constexpr std::size_t kPart = 64u << 20;
  for (std::size_t begin = 0; begin < plan.size();) {
    std::size_t end = begin, size = 0;
    while (end < plan.size() && (end == begin || size + plan[end].content.size() + 1024 < kPart))
      size += plan[end++].content.size() + 1024;
    auto done = access.put_all(std::span(plan).subspan(begin, end - begin));
    if (!done) {
      Error error = done.error();
      if (begin > 0) error.message = fmt::format("{} of {} were stored, then: {}", begin, plan.size(), error.message);
      return fail(std::move(error));
    }
    begin = end;
  }
  return {};
}

}  // namespace

int run_secret_import(const Given& given) {
  std::size_t expired = 0;
  const auto imported = collect(given, expired);
  if (!imported) return report(imported.error());
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  Access& access = (*reach)->access();
  // All is checked before anything is stored.
  std::vector<NewFile> plan;
  plan.reserve(imported->size());
  Directories known;
  for (const Imported& one : *imported) {
    auto file = planned(access, given, one, known);
    if (!file) return report(file.error());
    plan.push_back(std::move(*file));
  }
  if (auto stored = store_all(access, plan); !stored) return report(stored.error());
  if (expired > 0) note(fmt::format("{} expired ones were left out", expired));
  return print(fmt::format("{} credential{} stored\n", plan.size(), plan.size() == 1 ? "" : "s"));
}

}  // namespace rfs
