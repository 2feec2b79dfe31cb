// secret import: the JSON array of inject-credentials, a directory with one file a credential (a Kubernetes Secret,
// systemd credentials), or the store of the Python implementation.
#include "cli/secret_import.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

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
Result<std::vector<Imported>> from_directory(const std::string& path) {
  const Handle<DIR, closedir> directory(::opendir(path.c_str()));
  if (!directory) return fail_errno(errno, path);
  std::vector<Imported> out;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    Imported one;
    one.name = entry->d_name;
    const Fd file(::openat(::dirfd(directory.get()), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return fail_errno(errno, path + "/" + one.name);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    TRY_ASSIGN(one.value, read_secret(file.get(), path + "/" + one.name));
    out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end(), [](const Imported& a, const Imported& b) { return a.name < b.name; });
  return out;
}

Result<SecretBytes> whole_file(const std::string& path) {
  const Fd file(path == "-" ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (path != "-" && !file) return fail_errno(errno, path);
  return read_secret(path == "-" ? STDIN_FILENO : file.get(), path == "-" ? "stdin" : path);
}

Result<std::vector<Imported>> collect(const Given& given, std::size_t& expired) {
  const bool directory = given.has("--from-dir");
  if (directory == (given.arguments.size() == 1))
    return fail(Code::kUsage, "secret import: give a file, - or --from-dir DIR", "`runnerfs secret import --help`");
  if (directory) return from_directory(given.get("--from-dir"));
  const std::string& path = given.arguments[0];
  if (given.has("--key-file")) {
    TRY_ASSIGN(const std::string file, read_file(path, kMostFile));
    TRY_ASSIGN(const SecretBytes key, whole_file(given.get("--key-file")));
    return parse_reference_store(view(file), key, SystemClock().wall(), expired);
  }
  TRY_ASSIGN(const SecretBytes json, whole_file(path));
  return parse_import(json);
}

struct Planned {
  std::string path;
  Access::Attributes attributes;
  const SecretBytes* value;
};

}  // namespace

int run_secret_import(const Given& given) {
  std::size_t expired = 0;
  const auto imported = collect(given, expired);
  if (!imported) return report(imported.error());
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  Access& access = (*reach)->access();
  // All is checked before anything is stored.
  std::vector<Planned> plan;
  for (const Imported& one : *imported) {
    if (one.null)
      return report({Code::kInvalid, fmt::format("credential {}: there is no value", printable(one.name)), "give it as text"});
    const std::string& scope = one.scope.empty() ? given.get("--scope") : one.scope;
    const std::string& filter = one.scope.empty() ? given.get("--filter") : one.filter;
    const auto path = credential_path(access, scope, filter, one.name);
    if (!path)
      return report({path.error().code, fmt::format("credential {}: {}", printable(one.name), path.error().message),
                     path.error().hint});
    const auto attributes = put_attributes(one.ttl.empty() ? given.get("--ttl") : one.ttl, one.allow_untrusted, false);
    if (!attributes)
      return report({attributes.error().code,
                     fmt::format("credential {}: {}", printable(one.name), attributes.error().message),
                     attributes.error().hint});
    plan.push_back({*path, *attributes, &one.value});
  }
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto done = access.put(plan[i].path, plan[i].value->reveal_text(), plan[i].attributes);
    if (!done)
      return report({done.error().code,
                     fmt::format("{} of {} were stored, then: {}", i, plan.size(), done.error().message),
                     done.error().hint});
  }
  if (expired > 0) note(fmt::format("{} expired ones were left out", expired));
  return print(fmt::format("{} credentials stored\n", plan.size()));
}

}  // namespace rfs
