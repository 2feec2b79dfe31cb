#include <algorithm>

#include "cli/command.h"
#include "cli/front.h"
#include "cli/message.h"
#include "cli/places.h"

namespace rfs {

// `mount [DIR]`, or `mount SOURCE DIR` as helpers of mount(8) are called.
int run_mount(const Given& given) {
  EnvironmentToken token = take_secrets();
  Given words = given;
  FrontOptions options;
  if (words.arguments.size() == 2) {
    const std::string source = words.arguments[0];
    words.arguments.erase(words.arguments.begin());
    // owner/repo as the source is the context of the mount, unless an option says otherwise.
    const auto names_repo = [](const FlagValue& value) { return std::string_view(value.option->key) == "repo"; };
    const bool named = std::any_of(words.settings.begin(), words.settings.end(), names_repo);
    if (std::count(source.begin(), source.end(), '/') == 1 && !source.starts_with("/") && !named)
      words.settings.push_back({find_option("repo"), {source}, "the source of the mount"});
    words.settings.push_back({find_option("source"), {source}, "the source of the mount"});
    options.announce = false;
  }
  const ConfigSources sources = present_sources(std::move(words.settings));
  const auto configuration = load_configuration(sources);
  if (!configuration) return report(configuration.error());

  options.mountpoint =
      words.arguments.empty() ? default_mountpoint(sources.environment) : mountpoint_path(words.arguments[0]);
  options.make_mountpoint = words.arguments.empty();
  options.passed = given.mount_options;
  const std::string& named = configuration->settings.socket;
  options.socket = named.empty() ? socket_of_mountpoint(sources.environment, options.mountpoint) : absolute_path(named);

  const auto run = [&](Ready& ready) {
    return run_front(*configuration, std::move(token), sources.environment, options, ready);
  };
  if (!given.has("--foreground")) return in_background(run);
  Ready ready;
  return run(ready);
}

}  // namespace rfs
