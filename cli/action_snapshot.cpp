#include "cli/action_snapshot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/process.h"
#include "cli/json_view.h"
#include "cli/option_table.h"
#include "cli/secrets_env.h"
#include "cli/value.h"

namespace rfs {
namespace {

constexpr Millis kRestorePatience{20'000};
constexpr Millis kSavePatience{60'000};

// What a command needs and JavaScript actions are given: the settings that the daemon has from the input `config`, the cache
// service's token, the fleet's secret, GitHub's token.
std::vector<std::string> environment_of_command(const ActionStep& step) {
  std::map<std::string, std::string> variables;
  for (const auto& [name, value] : step.environment())
    if (!names_secret(name) && name != "RUNNERFS_SOCKET" && name != "RUNNERFS_MOUNT") variables[name] = value;
  if (const auto settings = common_settings(step))
    for (const FlagValue& one : *settings) variables[variable_of(*one.option)] = fmt::format("{}", fmt::join(one.texts, ","));
  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  const auto secret = [&](const std::string& name, const SecretBytes& value) {
    if (!value.empty()) out.push_back(name + "=" + std::string(trimmed(value.reveal_text())));
  };
  secret("ACTIONS_RUNTIME_TOKEN", step.secret_variable("ACTIONS_RUNTIME_TOKEN"));
  secret("CACHE_P2P_SHARED_SECRET", step.fleet_secret());
  secret("GITHUB_TOKEN", step.token());
  return out;
}

}  // namespace

std::string run_beside_daemon(ActionStep& step, const std::string& socket, std::vector<std::string> words, Millis deadline,
                              int* exit_code) {
  std::vector<std::string> argv{"runnerfs"};
  argv.insert(argv.end(), words.begin(), words.end());
  if (!socket.empty()) argv.insert(argv.end(), {"--socket", socket});
  auto ran = run_process(argv, environment_of_command(step), deadline, {}, "/proc/self/exe");
  if (exit_code != nullptr) *exit_code = ran ? ran->exit_code : -1;
  if (!ran) {
    step.say(fmt::format("{} {}: {}", words[0], words.size() > 1 ? words[1] : "", ran.error().message));
    return {};
  }
  for (const std::string& line : split_list(ran->err, '\n'))
    step.say(line.starts_with("runnerfs: ") ? line.substr(10) : line);
  return std::string(ran->out.reveal_text());
}

void restore_snapshot_of_job(ActionStep& step, const JobDaemon& daemon) {
  // An earlier step's daemon has what that step restored, and that step's post, which comes last, saves.
  if (!daemon.made || step.secret_variable("ACTIONS_RUNTIME_TOKEN").empty()) return;  // no cache service, as everywhere but on runners
  const std::string answer = run_beside_daemon(step, daemon.socket, {"snapshot", "restore", "--json"}, kRestorePatience);
  const std::string code = json_text(answer, "code");
  if (answer.empty() || code == "unreachable" || code == "timeout" || code == "unsupported") return;
  step.keep("snapshot", "true");
}

void save_snapshot_of_job(ActionStep& step, const JobDaemon& daemon) {
  if (step.state("snapshot") != "true") return;
  const std::string answer = run_beside_daemon(step, daemon.socket, {"snapshot", "save", "--json"}, kSavePatience);
  if (json_text(answer, "status") == "saved")
    step.say(fmt::format("saved {} entries for later jobs", json_text(answer, "entries")));
}

}  // namespace rfs
