// A GitHub Action's step: `runnerfs action main|post NAME`, started by the action's JavaScript (actions/NAME), which only
// finds this program. What the step was given is an ActionStep; what each action does is in the file of its name.
//
// A step never fails for a cache: it sets its outputs, prints one annotation with a hint, and answers 0.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/saved_environment.h"

namespace rfs {

class ActionStep {
 public:
  // From this process, whose environment loses its secrets. First, while there is one thread.
  static ActionStep take(std::string name);

  const std::string& name() const { return name_; }
  // An input without the blanks around it; "" when it is not given.
  std::string input(const std::string& name) const;
  bool has(const std::string& name) const { return !input(name).empty(); }
  // An input, or a variable of the step (`env:`), as it is, in locked memory; empty when it is not set.
  SecretBytes secret_input(const std::string& name) const;
  SecretBytes secret_variable(const std::string& name) const;
  // The input github-token, else GITHUB_TOKEN or GH_TOKEN of the step's `env:`; empty when there is none.
  SecretBytes token() const;
  // The input shared-secret, else the environment's (secrets_env.h).
  SecretBytes fleet_secret() const;
  bool has_variable(const std::string& name) const { return saved_.get(name).has_value(); }
  // true, yes, on, 1 and their opposites; kUsage for anything else.
  Result<bool> flag(const std::string& name, bool otherwise) const;
  // What main kept for post; "" when it did not.
  std::string state(const std::string& name) const;
  // The step's variables without inputs, state and secrets.
  const Environment& environment() const { return environment_; }
  std::string variable(const std::string& name) const { return rfs::variable(environment_, name); }

  // To the runner's files; the first failure is kept and told by end().
  void output(std::string_view name, std::string_view value);
  void keep(std::string_view name, std::string_view value);  // for post
  void export_variable(std::string_view name, std::string_view value);
  void add_path(std::string_view directory);
  void summary(std::string_view markdown);

  // To the log. An annotation is shown beside the run: one of a level a step, with what to do.
  void say(std::string_view text);
  void annotate(std::string_view level, const Error& error);
  void mask(std::string_view value);
  // 0, or 1 when `failed`. A file of the runner that could not be written is an error of its own.
  int end(bool failed = false);

 private:
  void note(Result<> written);

  std::string name_;
  SavedEnvironment saved_;
  Environment environment_;
  std::string annotated_;  // levels that were shown
  std::string unwritten_;
};

// The inputs that every action has, as settings of the daemon: config (YAML or a file), runner-id. kUsage: wrong ones.
Result<std::vector<FlagValue>> common_settings(const ActionStep& step);
// One setting from an input. kUsage: no value of that kind.
Result<FlagValue> setting_of_input(const ActionStep& step, const char* key, const std::string& input);

// One function an action and a phase; each answers the exit code.
int setup_github_cache(ActionStep& step);
int setup_codeql_cache(ActionStep& step);
int inject_credentials(ActionStep& step);
void after_github_cache(ActionStep& step);
void after_codeql_cache(ActionStep& step);
void after_credentials(ActionStep& step);

// The rows of `runnerfs action`.
extern const Command kActionCommands[3];
int run_action_daemon(const Given& given);

}  // namespace rfs
