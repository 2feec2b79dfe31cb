#include "backends/github/path.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/secrets_env.h"

namespace rfs {

int run_path(const Given& given) {
  take_secrets();
  const auto configuration = load_configuration(present_sources(given.settings));
  if (!configuration) return report(configuration.error());
  std::string out;
  for (const std::string& argument : given.arguments) {
    const auto filled = fill_placeholders(argument, configuration->settings.repo);
    if (!filled) return report(filled.error(), argument);
    const auto path = path_of_url(*filled, configuration->settings.api_url);
    if (!path) return report(path.error(), argument);
    out += "api/" + *path + "\n";
  }
  return print(out);
}

}  // namespace rfs
