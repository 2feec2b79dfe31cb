// Names below secrets/, filters and TTLs, as the kernel and the command line give them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fs/tree/secret_path.h"
#include "fs/tree/secrets_writer.h"

namespace {

rfs::Context context() {
  rfs::Context out;
  out.repository = "octo/hello";
  out.workflow_file = "build.yml";
  out.workflow_name = "Build";
  out.runner_id = "r1";
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const rfs::Context mounted = context();
  const std::string text(reinterpret_cast<const char*>(data), size);
  using What = rfs::SecretPath::What;
  if (const auto path = rfs::parse_secret_path(text, mounted); path && path->what == What::kCredential) {
    // What a listing prints leads to the same credential.
    const auto again = rfs::parse_secret_path(rfs::scope_directory(*path->scope) + "/" + path->name, mounted);
    if (!again || again->name != path->name || again->scope != path->scope) std::abort();
    if (!rfs::check_credential_name(path->name)) std::abort();
  }
  for (const auto kind : {rfs::ScopeKind::kGlobal, rfs::ScopeKind::kRepo, rfs::ScopeKind::kWorkflow, rfs::ScopeKind::kRunner})
    if (const auto scope = rfs::make_scope(kind, text, mounted)) {
      const auto path = rfs::parse_secret_path(rfs::scope_directory(*scope) + "/K", mounted);
      // Escapes make an id longer than a file name may be; and a name of its own may be read as another's.
      if (path && path->what == What::kCredential && path->scope != *scope) std::abort();
    }
  if (const auto ttl = rfs::parse_ttl(text); ttl && !(*ttl > 0)) std::abort();
  return 0;
}
