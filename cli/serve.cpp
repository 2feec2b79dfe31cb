#include "cli/command.h"
#include "cli/front.h"
#include "cli/message.h"
#include "cli/places.h"

namespace rfs {

// The daemon without a mount. In the foreground unless --background.
int run_serve(const Given& given) {
  EnvironmentToken token = take_secrets();
  const ConfigSources sources = present_sources(given.settings);
  const auto configuration = load_configuration(sources);
  if (!configuration) return report(configuration.error());
  FrontOptions options;
  const std::string& named = configuration->settings.socket;
  options.socket = named.empty() ? socket_of_mountpoint(sources.environment, "") : absolute_path(named);
  const auto run = [&](Ready& ready) {
    return run_front(*configuration, std::move(token), sources.environment, options, ready);
  };
  if (given.has("--background")) return in_background(run);
  Ready ready;
  return run(ready);
}

}  // namespace rfs
