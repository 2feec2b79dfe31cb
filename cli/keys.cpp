#include "cli/keys.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/places.h"

namespace rfs {
namespace {

ChosenKey in_memory(std::optional<Error> trouble = std::nullopt) {
  ChosenKey out;
  out.key.bytes = SecretBytes::random(32);
  out.key.kind = KeySourceKind::kMemory;
  out.memory_only = true;
  out.trouble = std::move(trouble);
  return out;
}

Result<ChosenKey> from_disk(KeySource& source, std::optional<KeySourceKind> asked, bool store_exists) {
  TRY_ASSIGN(const std::optional<KeySourceKind> recorded, source.recorded());
  if (recorded && asked && *recorded != *asked)
    return fail(Code::kNoKey,
                fmt::format("the key of the stores comes from '{}', not from '{}'", key_source_word(*recorded),
                            key_source_word(*asked)),
                fmt::format("leave out --key-source, or make new stores with `runnerfs init --key-source {}`",
                            key_source_word(*asked)));
  ChosenKey out;
  if (recorded) {
    if (*recorded == KeySourceKind::kMemory) return in_memory();
    TRY_ASSIGN(out.key, source.load(*recorded));
    return out;
  }
  const KeySourceKind kind = asked ? *asked : source.decide();
  if (kind == KeySourceKind::kMemory) return in_memory();
  if (store_exists)
    return fail(Code::kNoKey, "there is a store, and nothing says where its key is",
                "bring the state directory back (`runnerfs config` and runnerfs(1), Files), or move the store's "
                "directory away");
  TRY_ASSIGN(out.key, source.establish(kind));
  out.notices.push_back(fmt::format("the root key is kept by '{}'{}", key_source_word(kind),
                                    out.key.weakness.empty() ? "" : fmt::format(" (weak: {})", out.key.weakness)));
  return out;
}

}  // namespace

std::string own_path() {
  char buffer[4096];
  const ssize_t size = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : "runnerfs";
}

bool job_isolation(const Settings& settings, const Environment& environment) {
  if (settings.isolation != "auto") return settings.isolation == "job";
  return variable(environment, "GITHUB_ACTIONS") == "true" &&
         variable(environment, "RUNNER_ENVIRONMENT") == "github-hosted";
}

bool keeps_answers(const Settings& settings) { return settings.cache_enabled && settings.cache_persistence; }

bool has_stores(const Settings& settings) {
  return is_there(settings.cache_directory + "/cache.db").value_or(true) ||
         is_there(settings.codeql_directory + "/codeql.db").value_or(true) ||
         is_there(settings.credentials_directory + "/credentials.db").value_or(true);
}

KeySourceOptions key_source_options(const Settings& settings, const Environment& environment) {
  KeySourceOptions out;
  out.state_directory = state_directory(environment);
  out.helper = own_path();
  out.job = job_isolation(settings, environment);
  return out;
}

Result<ChosenKey> choose_root_key(const Settings& settings, KeySource& source, bool store_exists) {
  std::optional<KeySourceKind> asked;
  if (KeySourceKind kind; !settings.key_source.empty() && parse_key_source(settings.key_source, kind)) asked = kind;
  if (asked == KeySourceKind::kMemory) return in_memory();
  auto chosen = from_disk(source, asked, store_exists);
  if (chosen || asked) return chosen;
  return in_memory(chosen.error());
}

}  // namespace rfs
