// What `doctor` says of credentials: whether their log goes on, their store opens, their memory can be locked.
#include <fmt/format.h>
#include "backends/secrets/audit_verify.h"
#include "backends/secrets/credential_store.h"
#include "base/file.h"
#include "base/time.h"
#include "cli/audit.h"
#include "cli/doctor.h"
#include "cli/keys.h"

namespace rfs {
namespace {

using Grade = Finding::Grade;

void check_log(Findings& out, const std::string& directory) {
  const auto head = head_audit(directory);
  if (!head && head.error().code == Code::kNotFound) {
    out.push_back({Grade::kOk, "audit", "there is no log yet; `runnerfs init` begins one and prints its key", ""});
  } else if (!head) {
    out.push_back({Grade::kFail, "audit", head.error().message, head.error().hint});
  } else {
    out.push_back({Grade::kOk, "audit", fmt::format("{} lines; `runnerfs audit verify` checks each", head->seq), ""});
  }
}

void check_store(Findings& out, const Settings& settings, const Environment& environment) {
  const std::string& directory = settings.credentials_directory;
  const auto there = is_there(directory + "/credentials.db");
  if (!there) return out.push_back({Grade::kFail, "credentials", there.error().message, there.error().hint});
  if (!*there) return;
  KeySource source(key_source_options(settings, environment));
  const auto kind = source.recorded();
  // Without a key `key` has said why.
  if (!kind || !*kind || **kind == KeySourceKind::kMemory) return;
  const auto key = source.load(**kind);
  if (!key) return;
  secrets::CredentialStore::Options options;
  options.directory = directory;
  bool made = false;
  const auto store = secrets::CredentialStore::open(options, key->bytes, SystemClock().wall(), made);
  if (store)
    out.push_back({Grade::kOk, "credentials", fmt::format("{} are stored, and are as they were left",
                                                          (*store)->root().count), ""});
  else
    out.push_back({Grade::kFail, "credentials", store.error().message, store.error().hint});
}

}  // namespace

void check_credentials(Findings& out, const Settings& settings, const Environment& environment) {
  if (const auto owner = audit_owner_of(settings); !owner)
    out.push_back({Grade::kFail, "audit", owner.error().message, owner.error().hint});
  check_log(out, settings.credentials_directory);
  check_store(out, settings, environment);
  const SecretBytes probe(4'096);
  if (secret_locked())
    out.push_back({Grade::kOk, "memory", "that holds secrets can be locked", ""});
  else
    out.push_back({Grade::kWarn, "memory", "that holds secrets cannot be locked, and may be swapped",
                   "raise the limit of locked memory (ulimit -l); --require-mlock insists on it"});
}

}  // namespace rfs
