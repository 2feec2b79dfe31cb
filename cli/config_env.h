// The environment: a copy of it without secrets, and the options that it sets.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/option_table.h"

namespace rfs {

using Environment = std::map<std::string, std::string>;

// The environment of this process. REQUIRES: take_secrets() was called (secrets_env.h), so that no token is copied.
Environment present_environment();
// "" when it is not set.
std::string variable(const Environment& environment, const std::string& name);

struct EnvironmentValue {
  const Option* option;
  std::vector<std::string> texts;
  std::string origin;  // "environment CACHE_DIR"
};
// RUNNERFS_X_Y, else the reference's names. Empty variables count as not set. In the order of the table.
std::vector<EnvironmentValue> options_of(const Environment& environment);
// Variables that look like options and are none, or that belong to parts which this version does not have: one line
// each.
std::vector<std::string> notes_of(const Environment& environment);

}  // namespace rfs
