#include "cli/config_env.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "cli/config_reference.h"
#include "cli/value.h"

namespace rfs {

Environment present_environment() {
  Environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    if (const char* equals = std::strchr(*entry, '='))
      out.emplace(std::string(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
  return out;
}

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::vector<EnvironmentValue> options_of(const Environment& environment) {
  std::vector<EnvironmentValue> out;
  for (const Option& option : option_table()) {
    std::vector<std::string> names{variable_of(option)};
    for (std::string& name : split_list(option.reference_env, ' ')) names.push_back(std::move(name));
    for (const std::string& name : names) {
      const std::string text = variable(environment, name);
      if (text.empty()) continue;
      const bool several = option.kind == ValueKind::kList || option.kind == ValueKind::kTtls;
      out.push_back({&option, several ? split_list(text) : std::vector<std::string>{text}, "environment " + name});
      break;
    }
  }
  return out;
}

std::vector<std::string> notes_of(const Environment& environment) {
  std::vector<std::string> out;
  for (const auto& [name, text] : environment) {
    if (text.empty()) continue;
    if (name.starts_with("RUNNERFS_") && name != "RUNNERFS_MOUNT" && find_option(std::string_view(name).substr(9)) == nullptr)
      out.push_back(fmt::format("environment {}: there is no such option", name));
  }
  return out;
}

}  // namespace rfs
