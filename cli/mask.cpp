// mask: GitHub's ::add-mask:: lines for credentials, for a step's stdout. Reading a file masks nothing by itself.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/mask_forms.h"
#include "cli/message.h"
#include "cli/secret.h"

namespace rfs {
namespace {

std::string lines_of(const SecretBytes& value, const std::string& name) {
  bool left_out = false;
  std::string out;
  for (const std::string& form : mask_forms(value.reveal_text(), left_out)) out += mask_line(form);
  if (left_out) warn(fmt::format("{}: what is shorter than 4 bytes is not masked", printable(name)));
  return out;
}

}  // namespace

int run_mask(const Given& given) {
  if (::isatty(STDOUT_FILENO) == 1 && !given.has("--show"))
    return report({Code::kUsage, "stdout is a terminal; these lines are for the log of a job", "or say --show"});
  std::string out;
  if (given.arguments.size() == 1 && given.arguments[0] == "-") {
    const auto value = read_secret(STDIN_FILENO, "stdin");
    if (!value) return report(value.error());
    return print(lines_of(*value, "stdin"));
  }
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  const auto chosen = chosen_secrets((*reach)->access(), given.arguments);
  if (!chosen) return report(chosen.error());
  for (const auto& [name, path] : *chosen) {
    const auto value = read_credential((*reach)->access(), path);
    if (!value) return report(value.error());
    out += lines_of(*value, name);
  }
  return print(out);
}

}  // namespace rfs
