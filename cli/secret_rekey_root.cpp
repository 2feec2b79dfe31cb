// secret rekey --root: another root key for every store of this user. In this process, beside any daemon: what a daemon
// has open it keeps open, since the keys of the stores themselves stay.
//
// The order is what makes a crash harmless: first every store opens with either key, then the key source changes, then
// the old copies are erased.
#include <fmt/format.h>
#include <unistd.h>

#include "backends/results/results.h"
#include "backends/secrets/vault.h"
#include "backends/store/root_change.h"
#include "base/file.h"
#include "base/time.h"
#include "cli/harden.h"
#include "cli/keys.h"
#include "cli/message.h"
#include "cli/secret.h"
#include "cli/secrets_env.h"
#include "crypto/key_text.h"

namespace rfs {
namespace {

struct Work {
  Settings settings;
  KeySource source;
  RootKey present{}, next{};
  SystemClock clock{};
  Counters counters{};
  ErrorRing errors{clock, counters};
};

// Stores of entries that are there, with how messages name them. One that cannot be looked for is a failure: under
// another root key it would never open again.
Result<std::vector<std::pair<std::string, DbWords>>> databases_of(const Settings& settings) {
  std::vector<std::pair<std::string, DbWords>> out;
  const auto add = [&](const std::string& directory, const DbWords& words) -> Result<> {
    const std::string path = directory + "/" + words.file;
    TRY_ASSIGN(const bool there, is_there(path));
    if (there) out.emplace_back(path, words);
    return {};
  };
  TRY(add(settings.cache_directory, DbWords{}));
  TRY(add(settings.codeql_directory, results::kResultsWords));
  return out;
}

Result<bool> has_credentials(const Settings& settings) {
  return is_there(settings.credentials_directory + "/credentials.db");
}

Result<std::unique_ptr<Vault>> open_vault(Work& work, const RootKey& key) {
  VaultOptions options;
  options.directory = work.settings.credentials_directory;
  std::string notice;
  return Vault::open(std::move(options), Context{}, key, work.clock, work.counters, work.errors, notice);
}

Result<> lay_everywhere(Work& work) {
  // All are looked for before one is changed.
  TRY_ASSIGN(const auto databases, databases_of(work.settings));
  TRY_ASSIGN(const bool credentials, has_credentials(work.settings));
  if (credentials) {
    TRY_ASSIGN(const auto vault, open_vault(work, work.present));
    TRY(vault->rekey_root(work.next, {::geteuid(), ::getegid(), ::getpid(), own_path()}));
  }
  for (const auto& [path, words] : databases)
    TRY(store::lay_ring(path, words, work.present.bytes, work.next.bytes));
  return {};
}

Result<> settle_everywhere(Work& work) {
  TRY_ASSIGN(const auto databases, databases_of(work.settings));
  TRY_ASSIGN(const bool credentials, has_credentials(work.settings));
  if (credentials) {
    TRY_ASSIGN([[maybe_unused]] const auto vault, open_vault(work, work.next));
  }
  for (const auto& [path, words] : databases) TRY(store::settle_ring(path, words, work.next.bytes));
  return {};
}

// A source that this program cannot write to: the owner installs what is printed, and the next mount erases the rest.
Result<> hand_over(const Work& work) {
  const SecretBytes text = key_to_text(work.next.bytes);
  TRY(to_stdout(text.reveal()));
  warn("every store opens with the new key on stdout too: install it (systemd-creds encrypt --name=runnerfs-root-key "
       "- OUT), then mount again; until then the former one counts");
  return {};
}

Result<> rekey_root(const Given& given) {
  take_secrets();
  harden();
  const ConfigSources sources = present_sources(given.settings);
  TRY_ASSIGN(Configuration configuration, load_configuration(sources));
  Work work{configuration.settings, KeySource(key_source_options(configuration.settings, sources.environment))};
  TRY_ASSIGN(const std::optional<KeySourceKind> kind, work.source.recorded());
  if (!kind || *kind == KeySourceKind::kMemory)
    return fail(Code::kNotFound, "there is no root key that outlives its process",
                "`runnerfs init` makes one, and so does the first mount");
  if (*kind == KeySourceKind::kSystemd && ::isatty(STDOUT_FILENO) == 1 && !given.has("--show"))
    return fail(Code::kUsage, "the new key would go to a terminal, which keeps what it shows", "pipe it, or say --show");
  TRY_ASSIGN(work.present, work.source.load(*kind));
  work.next.bytes = SecretBytes::random(32);
  work.next.kind = *kind;
  TRY(lay_everywhere(work));
  if (*kind == KeySourceKind::kSystemd) return hand_over(work);
  TRY(work.source.replace(*kind, work.next.bytes));
  TRY(settle_everywhere(work));
  TRY(to_stdout(view(fmt::format("the root key kept by '{}' is another one; the former opens nothing\n",
                                 key_source_word(*kind)))));
  return {};
}

}  // namespace

int run_secret_rekey_root(const Given& given) {
  const auto done = rekey_root(given);
  return done ? 0 : report(done.error());
}

}  // namespace rfs
