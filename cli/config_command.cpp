#include "base/json.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/secrets_env.h"

namespace rfs {

// `config`: every option with its origin, and what was read without an effect.
int run_config(const Given& given) {
  take_secrets();
  const auto configuration = load_configuration(present_sources(given.settings));
  if (!configuration) return report(configuration.error());
  if (given.has("--json")) {
    std::string notes;
    for (const Note& note : configuration->notes) notes += (notes.empty() ? "" : ", ") + json_quote(note.text);
    return print("{\"options\": " + configuration_json(configuration->settings) + ", \"notes\": [" + notes + "]}\n");
  }
  std::string out = configuration_text(configuration->settings);
  for (const Note& note : configuration->notes)
    out += (note.warning ? "# warning: " : "# ") + printable(note.text) + "\n";
  return print(out);
}

}  // namespace rfs
