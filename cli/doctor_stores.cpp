// What `doctor` says of the store of answers, beyond its directory: whether it opens with the key that there is.
#include <fmt/format.h>
#include <unistd.h>

#include "backends/store/entry_store.h"
#include "cli/doctor.h"
#include "cli/keys.h"

namespace rfs {

void check_answers(Findings& out, const Settings& settings, const Environment& environment) {
  const std::string& directory = settings.cache_directory;
  if (!keeps_answers(settings) || ::access((directory + "/cache.db").c_str(), F_OK) != 0) return;
  KeySource source(key_source_options(settings, environment));
  const auto kind = source.recorded();
  // Without a key `key` has said why.
  if (!kind || !*kind || **kind == KeySourceKind::kMemory) return;
  const auto key = source.load(**kind);
  if (!key) return;
  const auto usage = EntryStore::look(directory, *key);
  if (usage)
    out.push_back({Finding::Grade::kOk, "answers", fmt::format("{} entries, {} bytes", usage->entries, usage->bytes), ""});
  else if (usage.error().code == Code::kTampered || usage.error().code == Code::kBroken)
    out.push_back({Finding::Grade::kFail, "answers", usage.error().message,
                   "the next mount sets the database aside under a name that it prints, and begins a new one"});
  else
    out.push_back({Finding::Grade::kFail, "answers", usage.error().message, usage.error().hint});
}

}  // namespace rfs
