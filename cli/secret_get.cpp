// secret get and secret rm.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/secret.h"

namespace rfs {

int run_secret_get(const Given& given) {
  if (::isatty(STDOUT_FILENO) == 1 && !given.has("--show"))
    return report({Code::kUsage, "stdout is a terminal, which keeps what it shows", "pipe it, or say --show"});
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  const auto path = credential_path((*reach)->access(), given, given.arguments[0]);
  if (!path) return report(path.error());
  const auto value = read_credential((*reach)->access(), *path);
  if (!value) return report(value.error());
  const auto written = to_stdout(value->reveal());
  return written ? 0 : report(written.error());
}

int run_secret_rm(const Given& given) {
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  for (const std::string& name : given.arguments) {
    const auto path = credential_path((*reach)->access(), given, name);
    if (!path) return report(path.error());
    const auto removed = (*reach)->access().remove(*path);
    if (removed) continue;
    Error error = removed.error();
    error.message = fmt::format("credential {}: {}", printable(name), error.message);
    if (error.code == Code::kNotFound) error.hint = "`runnerfs secret ls --all` shows what is held";
    return report(error);
  }
  return 0;
}

}  // namespace rfs
