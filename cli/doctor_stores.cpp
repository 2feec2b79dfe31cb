// What `doctor` says of the stores of answers and of results of scans, beyond their directories: whether they open with
// the key that there is.
#include <fmt/format.h>

#include "backends/results/results.h"
#include "backends/store/entry_store.h"
#include "base/file.h"
#include "cli/doctor.h"
#include "cli/keys.h"

namespace rfs {
namespace {

void check_store(Findings& out, const char* name, const std::string& directory, const DbWords& words, const RootKey& key) {
  const auto there = is_there(directory + "/" + words.file);
  if (!there) return out.push_back({Finding::Grade::kFail, name, there.error().message, there.error().hint});
  if (!*there) return;
  const auto usage = EntryStore::look(directory, key, words);
  if (usage)
    out.push_back({Finding::Grade::kOk, name, fmt::format("{} entries, {} bytes", usage->entries, usage->bytes), ""});
  else if (usage.error().code == Code::kTampered || usage.error().code == Code::kBroken)
    out.push_back({Finding::Grade::kFail, name, usage.error().message,
                   "the next mount sets the database aside under a name that it prints, and begins a new one"});
  else
    out.push_back({Finding::Grade::kFail, name, usage.error().message, usage.error().hint});
}

}  // namespace

void check_stores(Findings& out, const Settings& settings, const Environment& environment) {
  if (!keeps_answers(settings)) return;
  KeySource source(key_source_options(settings, environment));
  const auto kind = source.recorded();
  // Without a key `key` has said why.
  if (!kind || !*kind || **kind == KeySourceKind::kMemory) return;
  const auto key = source.load(**kind);
  if (!key) return;
  check_store(out, "answers", settings.cache_directory, DbWords{}, *key);
  check_store(out, "scans", settings.codeql_directory, results::kResultsWords, *key);
}

}  // namespace rfs
