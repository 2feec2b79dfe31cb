#include <fmt/format.h>
#include <sys/stat.h>

#include "backends/secrets/audit.h"
#include "base/file.h"
#include "base/time.h"
#include "cli/audit.h"
#include "cli/command.h"
#include "cli/harden.h"
#include "cli/keys.h"
#include "cli/message.h"
#include "cli/secrets_env.h"

namespace rfs {
namespace {

Result<std::string> init(const Settings& settings, KeySource& source) {
  const bool store_exists = has_stores(settings);
  TRY(make_directories(settings.cache_directory, 0700));
  TRY_ASSIGN(const std::optional<KeySourceKind> before, source.recorded());
  KeySourceKind kind = source.decide();
  if (!settings.key_source.empty()) parse_key_source(settings.key_source, kind);
  if (kind == KeySourceKind::kMemory && !before) {
    if (store_exists)
      return fail(Code::kExists,
                  fmt::format("there is a store in {}, {} or {}, which memory cannot have the key of",
                              settings.cache_directory, settings.codeql_directory, settings.credentials_directory),
                  "move that directory away first");
    TRY(source.record(kind));
    return std::string("nothing is kept on disk: the root key lives in memory");
  }
  Settings asked = settings;
  asked.key_source = std::string(key_source_word(before && settings.key_source.empty() ? *before : kind));
  if (before && key_source_word(*before) != asked.key_source)
    return fail(Code::kExists, fmt::format("the key of the stores comes from '{}' already", key_source_word(*before)),
                fmt::format("to begin anew, move {} and {} away",
                            source.key_file().substr(0, source.key_file().rfind('/')), settings.cache_directory));
  TRY_ASSIGN(const ChosenKey chosen, choose_root_key(asked, source, store_exists));
  if (!chosen.notices.empty()) return chosen.notices[0];
  return fmt::format("the root key was there: it is kept by '{}'", key_source_word(chosen.key.kind));
}

// The log of credentials begins here, so that its key is seen by who is there to keep it: once, and nowhere else.
Result<SecretBytes> begin_audit(const Settings& settings) {
  const std::string& directory = settings.credentials_directory;
  TRY_ASSIGN(const auto owner, audit_owner_of(settings));
  TRY(make_directories(directory, 0700));
  const SystemClock clock;
  AuditOptions options;
  options.directory = directory;
  TRY_ASSIGN(const auto log, Audit::open(options, clock));
  SecretBytes key = log->take_owner_key();
  if (key.empty() || !owner) return key;
  TRY(seal_audit_key(directory, *owner, key));
  return SecretBytes();
}

}  // namespace

int run_init(const Given& given) {
  take_secrets();
  harden();
  const ConfigSources sources = present_sources(given.settings);
  const auto configuration = load_configuration(sources);
  if (!configuration) return report(configuration.error());
  if (const auto owner = audit_owner_of(configuration->settings); !owner) return report(owner.error());
  KeySource source(key_source_options(configuration->settings, sources.environment));
  const auto done = init(configuration->settings, source);
  if (!done) return report(done.error());
  if (const int printed = print(fmt::format("{}\n", *done)); printed != 0) return printed;
  const auto key = begin_audit(configuration->settings);
  if (!key) return report(key.error());
  if (key->empty()) return 0;
  const auto shown = to_stdout(audit_key_text(*key).reveal());
  if (!shown) return report(shown.error());
  warn("the last line is the key of the audit log, and is kept nowhere else: put it away from this machine; `runnerfs "
       "audit verify --key FILE` then sees forged lines too");
  return 0;
}

}  // namespace rfs
