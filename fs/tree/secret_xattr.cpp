#include "fs/tree/secret_xattr.h"

#include <fmt/core.h>

#include <cmath>

#include "base/duration.h"

namespace rfs {
namespace {

std::string whole(double seconds) { return fmt::format("{:.0f}", std::floor(seconds)); }

}  // namespace

Attributes secret_attributes(const CredentialInfo& info) {
  Attributes out{{"user.runnerfs.created", whole(info.created)},
                 {"user.runnerfs.version", fmt::format("{}", info.version)},
                 {"user.runnerfs.scope", scope_text(info.scope)}};
  if (info.not_after > 0) {
    out.emplace_back("user.runnerfs.ttl", duration_text(info.ttl));
    out.emplace_back("user.runnerfs.expires", whole(info.not_after));
  }
  if (info.allow_untrusted) out.emplace_back("user.runnerfs.allow-untrusted", "1");
  return out;
}

Attributes secrets_attributes(const Vault& vault) {
  return {{"user.runnerfs.isolation", std::string(isolation_word(vault.isolation()))}};
}

std::string_view isolation_word(Isolation isolation) { return isolation == Isolation::kJob ? "job" : "user"; }

}  // namespace rfs
