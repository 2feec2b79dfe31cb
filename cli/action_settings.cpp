// Inputs that are settings of the daemon.
#include <fmt/format.h>

#include "base/file.h"
#include "cli/action.h"
#include "cli/checkout.h"
#include "cli/config_yaml.h"
#include "cli/places.h"

namespace rfs {
namespace {

constexpr std::size_t kMostConfig = 1u << 20;

bool lies_in(const std::string& path, const std::string& directory) {
  return directory.starts_with("/") && path.starts_with(absolute_path(directory) + "/");
}

// The text itself, or that of the file that it names.
Result<std::string> config_text_of(const ActionStep& step) {
  const std::string given = step.input("config");
  if (given.find('\n') != std::string::npos || given.find(": ") != std::string::npos) return given;
  const std::string workspace = step.variable("GITHUB_WORKSPACE");
  const std::string path = absolute_path(given.starts_with("/") ? given : workspace + "/" + given);
  // A file of the checkout is the owner's word only where a stranger did not write it.
  if (const std::string stranger = untrusted_event(step.environment()); !stranger.empty() && lies_in(path, workspace))
    return fail(Code::kDenied, fmt::format("input config: {} is not read: {}", given, stranger),
                "write the settings into the workflow, which is the base's own");
  auto text = read_file(path, kMostConfig);
  if (!text) return fail(Code::kUsage, fmt::format("input config: {}: {}", given, text.error().message), "name a file, or write YAML");
  return text;
}

}  // namespace

Result<FlagValue> setting_of_input(const ActionStep& step, const char* key, const std::string& input) {
  const Option* option = find_option(key);
  if (option == nullptr) return fail(Code::kUnsupported, fmt::format("input {}: this version has no such option", input));
  FlagValue out{option, {step.input(input)}, "input " + input};
  Settings trial;
  if (auto set = set_option(trial, *option, out.texts, out.origin); !set)
    return fail(Code::kUsage, fmt::format("{}: {}", out.origin, set.error().message), set.error().hint);
  return out;
}

Result<std::vector<FlagValue>> common_settings(const ActionStep& step) {
  std::vector<FlagValue> out;
  if (step.has("config")) {
    TRY_ASSIGN(const std::string text, config_text_of(step));
    TRY_ASSIGN(const std::vector<YamlEntry> entries, parse_yaml(text, "input config"));
    for (const YamlEntry& entry : entries) {
      if (entry.values.empty() && !entry.list) continue;
      const std::string place = fmt::format("input config, line {}", entry.line);
      const bool time = entry.path.size() == 2 && entry.path[0] == "operation_ttls" && entry.values.size() == 1;
      const Option* option = find_option_by_key(time ? "operation_ttls" : entry.key());
      if (option == nullptr || std::string_view(option->key) == "config")
        return fail(Code::kUsage, fmt::format("{}: unknown key '{}'", place, entry.key()), "`runnerfs config` lists the keys");
      FlagValue value{option, time ? std::vector<std::string>{entry.path[1] + "=" + entry.values[0]} : entry.values, place};
      Settings trial;
      if (auto set = set_option(trial, *option, value.texts, place); !set)
        return fail(Code::kUsage, fmt::format("{}: {}", place, set.error().message), set.error().hint);
      out.push_back(std::move(value));
    }
  }
  if (step.has("runner-id")) {
    TRY_ASSIGN(FlagValue runner, setting_of_input(step, "runner", "runner-id"));
    out.push_back(std::move(runner));
  }
  return out;
}

}  // namespace rfs
