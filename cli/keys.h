// Which root key this process works with: what was asked for, what is recorded, or what a first run decides.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/config_env.h"
#include "cli/settings.h"
#include "crypto/key_source.h"

namespace rfs {

struct ChosenKey {
  RootKey key;
  // Nothing may be written under this key: it is gone with the process.
  bool memory_only = false;
  // Set when a key was meant to be had and could not: the program goes on without a disk and says so.
  std::optional<Error> trouble;
  std::vector<std::string> notices;  // what a first run decided
};

KeySourceOptions key_source_options(const Settings& settings, const Environment& environment);
// Whether this is a job of its own on a machine that is thrown away: --isolation, else what GitHub's runners say.
bool job_isolation(const Settings& settings, const Environment& environment);
// Whether answers are kept on disk.
bool keeps_answers(const Settings& settings);
// Whether there is a store on disk that a root key belongs to; one that cannot be looked for counts.
bool has_stores(const Settings& settings);
// The program itself, as /proc names it.
std::string own_path();

// store_exists: there is a store that some key belongs to; then no new key is ever made. Failure: only when the owner
// named a source that cannot serve.
Result<ChosenKey> choose_root_key(const Settings& settings, KeySource& source, bool store_exists);

}  // namespace rfs
