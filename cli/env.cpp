// env: what a script sources to work with the same daemon, directories and options as this process. No token is in it.
#include <fmt/format.h>

#include "cli/access.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/value.h"

namespace rfs {
namespace {

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

}  // namespace

int run_env(const Given& given) {
  take_secrets();
  const ConfigSources sources = present_sources(given.settings);
  const auto configuration = load_configuration(sources);
  if (!configuration) return report(configuration.error());
  std::string out;
  const auto line = [&](const std::string& name, const std::string& text) {
    if (!text.empty()) out += fmt::format("export {}={}\n", name, shell_quoted(text));
  };
  // The names of the reference, which other programs read too.
  for (const Option& option : option_table()) {
    const std::vector<std::string> names = split_list(option.reference_env, ' ');
    if (!names.empty()) line(names[0], option_text(configuration->settings, option));
  }
  if (auto reach = Reach::open_daemon(given)) {
    const auto daemon = read_tree((*reach)->access(), ".runnerfs/daemon.json");
    line("RUNNERFS_SOCKET", daemon ? json_text(*daemon, "socket") : "");
    line("RUNNERFS_MOUNT", daemon ? json_text(*daemon, "mountpoint") : "");
  }
  return print(out);
}

}  // namespace rfs
