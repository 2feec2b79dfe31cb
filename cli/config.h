// The effective configuration: defaults < files of the checkout < the owner's file < environment < flags.
// Called once, before anything is built; reads files, asks nobody.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/config_env.h"
#include "cli/option_table.h"
#include "cli/settings.h"

namespace rfs {

struct FlagValue {
  const Option* option;
  std::vector<std::string> texts;
  std::string origin;  // "flag --api-url", "-o api_url"
};

struct ConfigSources {
  Environment environment;
  std::vector<FlagValue> flags;
  std::string directory;  // the current one, absolute
  std::string home;       // for ~/.config
};

// What a reader of the configuration should know: an unknown key of the checkout, a key that has no effect.
struct Note {
  bool warning = false;
  std::string text;  // "/path:12: …"
};

struct Configuration {
  Settings settings;
  std::vector<Note> notes;
};

// kUsage with file and line, variable or flag: an unknown key of the owner's file, a wrong type or range outside the
// checkout, a --config file that is missing.
Result<Configuration> load_configuration(const ConfigSources& sources);
// Whether the owner said it: not the default, and not a file of the checkout.
bool owner_said(const Settings& settings, const char* key);
// From this process: its environment, directory and home.
ConfigSources present_sources(std::vector<FlagValue> flags);

// Every option as a configuration file, each with a comment that says where it came from. No secret is in Settings.
std::string configuration_text(const Settings& settings);
std::string configuration_json(const Settings& settings);

}  // namespace rfs
