// runnerfs action: the phases of an action's step, and the daemon that they start.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "base/file.h"
#include "cli/action.h"
#include "cli/action_daemon.h"
#include "cli/action_order.h"
#include "cli/action_snapshot.h"
#include "cli/action_summary.h"
#include "cli/background.h"
#include "cli/front.h"
#include "cli/message.h"
#include "cli/places.h"
#include "cli/secret.h"

namespace rfs {
namespace {

struct Action {
  const char* name;
  int (*main)(ActionStep& step);
  void (*post)(ActionStep& step);  // before the daemon ends
};

constexpr Action kActions[] = {
    {"setup-github-cache", setup_github_cache, after_github_cache},
    {"setup-codeql-cache", setup_codeql_cache, after_codeql_cache},
    {"inject-credentials", inject_credentials, after_credentials},
};

const Action* find_action(std::string_view name) {
  for (const Action& action : kActions)
    if (name == action.name) return &action;
  return nullptr;
}

int no_such_action(const std::string& name) {
  return report({Code::kUsage, fmt::format("action: there is no action '{}'", printable(name)),
                 "setup-github-cache, setup-codeql-cache or inject-credentials"});
}

int run_action_main(const Given& given) {
  const Action* action = find_action(given.arguments[0]);
  if (action == nullptr) return no_such_action(given.arguments[0]);
  // A step that is cancelled is given some seconds. It ends what it began, which is soon: a daemon that is half started is
  // one that post cannot end.
  std::signal(SIGINT, SIG_IGN);
  ActionStep step = ActionStep::take(action->name);
  return action->main(step);
}

// Whatever main did or did not do: nothing of this step stays behind, and the job does not fail for it.
int run_action_post(const Given& given) {
  const Action* action = find_action(given.arguments[0]);
  if (action == nullptr) return no_such_action(given.arguments[0]);
  ActionStep step = ActionStep::take(action->name);
  action->post(step);
  if (step.state("made") == "true") {
    if (const auto daemon = daemon_of_post(step)) {
      save_snapshot_of_job(step, *daemon);
      write_summary(step, *daemon);
    }
    end_daemon_of_job(step);
  }
  return step.end();
}

}  // namespace

// Its environment and arguments say nothing; what it is to do comes through stdin.
int run_action_daemon(const Given&) {
  EnvironmentToken none = take_secrets();
  ::prctl(PR_SET_NAME, "runnerfs");
  std::signal(SIGINT, SIG_DFL);
  const auto text = read_secret(STDIN_FILENO, "stdin");
  if (!text) return report(text.error());
  auto order = parse_order(*text);
  if (!order) return report(order.error());
  // Read by the sources of the root key, which know no other environment.
  for (const char* name : {"CREDENTIALS_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS"})
    if (const std::string value = variable(order->environment, name); !value.empty()) ::setenv(name, value.c_str(), 1);
  ConfigSources sources{order->environment, order->settings, order->directory, expand_home("~")};
  const auto configuration = load_configuration(sources);
  if (!configuration) return report(configuration.error());
  FrontOptions options;
  options.mountpoint = order->mountpoint;
  options.make_mountpoint = true;
  options.socket = order->socket;
  options.announce = false;
  options.until = order->runner;
  return in_background([&](Ready& ready) {
    return run_front(*configuration, std::move(order->token), sources.environment, options, ready);
  });
}

const Command kActionCommands[3] = {
    {"action main", run_action_main, "the step itself", "NAME", 1, 1, {}, false, false,
     "What the action NAME (setup-github-cache, setup-codeql-cache, inject-credentials) does when its step runs: takes its\n"
     "inputs from INPUT_*, starts or finds the job's daemon, and answers through the files of the runner.",
     "  runnerfs action main inject-credentials"},
    {"action post", run_action_post, "what comes after the job", "NAME", 1, 1, {}, false, false,
     "Stores what the job made, writes the summary, and ends what main started; returns when it is gone.",
     "  runnerfs action post inject-credentials"},
    {"action daemon", run_action_daemon, "the job's daemon", "PLACE", 0, 1, {}, false, false,
     "The daemon that `action main` starts. What it is to do comes through stdin; PLACE is only there to be found by.", ""},
};

}  // namespace rfs
