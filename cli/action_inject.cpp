// inject-credentials: into secrets/ of the job's mount, each as a file whose path is in <NAME>_FILE.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "backends/secrets/scope.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json_text.h"
#include "cli/access.h"
#include "cli/action_credentials.h"
#include "cli/action_daemon.h"
#include "cli/action_snapshot.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/secret.h"
#include "cli/value.h"
#include "cli/workflow_files.h"

namespace rfs {
namespace {

struct Injection {
  ActionStep& step;
  JobDaemon& daemon;
  const ExportedVariables& variables;
  std::size_t injected = 0;
  bool refused = false;  // a variable that was asked for
  std::string kept;      // paths of what was stored, one a line, for post
};

// Where a credential is a file in clear, since there is no mount.
Result<> write_in_clear(const JobDaemon& daemon, const std::string& name, std::string_view value) {
  if (!daemon.in_memory)
    return fail(Code::kUnsupported, "there is no mount and no filesystem in memory to keep it on",
                "read it with `runnerfs secret get`, or give the container a tmpfs: options: --tmpfs /run");
  const std::string path = daemon.place + "/secrets/" + name;
  ::unlink(path.c_str());
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail_errno(errno, path);
  return write_all(file.get(), view(value));
}

bool is_utf8_text(std::string_view value) {
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    if (length == 0) return false;
    value.remove_prefix(length);
  }
  return true;
}

// A variable for later steps. NAME and NAME_FILE are judged alike: what the name begins with decides.
void export_checked(Injection& now, const std::string& variable, std::string_view value, const std::string& forced_by) {
  const std::string shown = printable(variable);
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    now.refused = true;
    now.step.annotate("warning", {Code::kDenied, fmt::format("the variable {} is not set: {}", shown, why), hint});
  };
  if (!is_variable_name(variable)) return refuse("no shell can read that name", "give the credential another name");
  if (!harmless_variable(variable) && !now.variables.forced(forced_by))
    return refuse("later steps would run other code, or trust somebody else, by it",
                  fmt::format("give the credential another name, or say force-env: {}", printable(forced_by)));
  if (value.find('\0') != std::string_view::npos || !is_utf8_text(value))
    return refuse("its value is no text", fmt::format("read the file in {}_FILE", printable(forced_by)));
  now.step.export_variable(variable, value);
}

void reach_later_steps(Injection& now, const std::string& name, std::string_view value) {
  if (!now.daemon.mounted) {
    if (auto written = write_in_clear(now.daemon, name, value); !written) {
      now.step.annotate("warning", {written.error().code,
                                    fmt::format("{}: {}", printable(name), written.error().message), written.error().hint});
      return;
    }
  }
  ++now.injected;
  std::string variable = name;
  for (char& c : variable)
    if (!is_variable_name(std::string("_") + c)) c = '_';
  if (variable[0] >= '0' && variable[0] <= '9') variable.insert(0, "_");
  export_checked(now, variable + "_FILE", now.daemon.place + "/secrets/" + name, name);
  if (now.variables.wants(name)) export_checked(now, name, value, name);
}

void refuse_credential(Injection& now, const std::string& name, const Error& error) {
  now.step.annotate("warning", {error.code, fmt::format("{}: {}", printable(name), error.message), error.hint});
}

// Malformed: a filter that is not of its scope's form, found before anything is stored.
Result<std::vector<std::string>> paths_of(Access& access, const Imports& given) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto path = credential_path(access, given[i].scope, given[i].filter, given[i].name);
    if (!path) return fail(Code::kInvalid, fmt::format("credential {}: {}", i + 1, path.error().message), path.error().hint);
    out.push_back(std::move(*path));
  }
  return out;
}

std::string scope_of(Access& access, const std::string& path) {
  const auto info = access.stat(path, false);
  if (!info) return "";
  for (const auto& [name, value] : info->xattrs)
    if (name == "user.runnerfs.scope") return value;
  return "";
}

// The scopes of the job, as the daemon knows it.
std::vector<std::string> scopes_of_job(const std::string& identity) {
  Context context;
  context.repository = json_text(identity, "context.repository");
  context.repository_id = json_text(identity, "context.repository_id");
  context.workflow_file = json_text(identity, "context.workflow_file");
  context.workflow_name = json_text(identity, "context.workflow_name");
  context.runner_id = json_text(identity, "context.runner");
  std::vector<std::string> out;
  for (const Scope& scope : readable_scopes(context)) out.push_back(scope_text(scope));
  return out;
}

// What was stored is what later steps find by its name. Not by opening it, which would be a line of the audit log.
Result<> is_for_this_job(Access& access, const std::vector<std::string>& scopes, const std::string& name,
                         const std::string& path) {
  const std::string scope = scope_of(access, path);
  if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end())
    return fail(Code::kDenied, fmt::format("it is stored, but this job may not read it: it is for {}", printable(scope)),
                "give it a scope of this job; without scope_filter it is the job's own");
  const std::string seen = scope_of(access, "secrets/" + name);
  if (seen != scope)
    return fail(Code::kDenied, fmt::format("it is stored, but one for {} hides it from this job", printable(seen)),
                "`runnerfs secret ls --all` shows both; remove one, or give another name");
  return {};
}

void store_given(Injection& now, const Imports& given, const std::vector<std::string>& paths) {
  const std::string identity = read_tree(*now.daemon.access, ".runnerfs/daemon.json").value_or("");
  const std::string untrusted = json_text(identity, "context.untrusted");
  const std::vector<std::string> scopes = scopes_of_job(identity);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Imported& one = given[i];
    const auto attributes = put_attributes(one.ttl, one.allow_untrusted, false);
    Result<> stored = attributes ? now.daemon.access->put(paths[i], one.value.reveal_text(), *attributes)
                                 : fail(attributes.error());
    if (stored) now.kept += paths[i] + "\n";
    if (stored && !untrusted.empty() && !one.allow_untrusted)
      stored = fail(Code::kDenied, "this job may not read it: " + untrusted,
                    "say \"allow_untrusted\": true for what such jobs may have");
    if (stored) stored = is_for_this_job(*now.daemon.access, scopes, one.name, paths[i]);
    if (!stored)
      refuse_credential(now, one.name, stored.error());
    else
      reach_later_steps(now, one.name, one.value.reveal_text());
  }
}

// True: all were there.
bool read_stored(Injection& now, const std::vector<std::string>& names) {
  bool all = true;
  for (const std::string& name : names) {
    const auto value = read_credential(*now.daemon.access, "secrets/" + name);
    if (!value) {
      all = false;
      refuse_credential(now, name, {value.error().code, value.error().message,
                                    value.error().hint.empty() ? "`runnerfs doctor` and `runnerfs secret ls --all` show what is there"
                                                               : value.error().hint});
      continue;
    }
    now.step.mask(value->reveal_text());
    reach_later_steps(now, name, value->reveal_text());
  }
  return all;
}

int answer_injection(ActionStep& step, std::size_t injected, const std::string& status, const JobDaemon* daemon, bool failed) {
  step.output("credentials-injected", fmt::format("{}", injected));
  step.output("status", status);
  step.output("mount-path", daemon != nullptr ? daemon->place : "");
  step.output("mount-status", daemon != nullptr ? daemon->status() : "disabled");
  return step.end(failed);
}

int malformed(ActionStep& step, const Error& error, const JobDaemon* daemon = nullptr) {
  step.annotate("error", error);
  return answer_injection(step, 0, "error", daemon, true);
}

}  // namespace

int inject_credentials(ActionStep& step) {
  const auto wanted = wanted_credentials(step);
  if (!wanted) return malformed(step, wanted.error());
  const auto variables = ExportedVariables::of(step);
  if (!variables) return malformed(step, variables.error());
  const auto fail_on_missing = step.flag("fail-on-missing", false);
  if (!fail_on_missing) return malformed(step, fail_on_missing.error());
  const std::string lifetime = step.input("lifetime");
  if (!lifetime.empty() && lifetime != "ttl" && lifetime != "job")
    return malformed(step, {Code::kUsage, "input lifetime: it is neither ttl nor job", "job removes them after the job"});
  const auto settings = common_settings(step);
  if (!settings) return malformed(step, settings.error());

  auto daemon = daemon_of_job(step, *settings);
  if (!daemon) {
    step.annotate("error", daemon.error());
    return answer_injection(step, 0, wanted->all() == 0 ? "success" : "error", nullptr, false);
  }
  if (daemon->not_mounted)
    step.annotate("warning", {daemon->not_mounted->code, "no mount, so credentials are files on a tmpfs: " + daemon->not_mounted->message,
                              daemon->not_mounted->hint});
  const auto paths = paths_of(*daemon->access, wanted->given);
  if (!paths) return malformed(step, paths.error(), &*daemon);

  Injection now{step, *daemon, *variables, 0, false, ""};
  store_given(now, wanted->given, *paths);
  bool missing = !read_stored(now, wanted->stored);
  for (const std::string& name : wanted->empty)
    step.annotate("warning", {Code::kInvalid, fmt::format("{} is empty and was skipped", printable(name)),
                              "is the secret set, and may this event read it?"});
  for (const std::string& name : wanted->absent) {
    missing = true;
    step.annotate("warning", {Code::kNotFound, fmt::format("there is no variable {}", printable(name)),
                              fmt::format("give it to this step: env: {{ {}: ${{{{ secrets.X }}}} }}", printable(name))});
  }
  if (lifetime == "job") step.keep("stored", now.kept);
  restore_snapshot_of_job(step, *daemon);
  const std::size_t all = wanted->all();
  const std::string status = now.injected == all && !now.refused ? "success" : now.injected == 0 ? "error" : "partial";
  step.say(fmt::format("{} of {} credentials in {}/secrets", now.injected, all, daemon->place));
  if (all == 0) step.say("nothing was asked for: give credentials, from-env or credential-names");
  const bool failed = missing && *fail_on_missing;
  if (failed) step.annotate("error", {Code::kNotFound, "a credential is missing, and fail-on-missing is set", ""});
  return answer_injection(step, now.injected, status, &*daemon, failed);
}

// lifetime: job. What this step stored is gone before the mount is.
void after_credentials(ActionStep& step) {
  const std::vector<std::string> paths = split_list(step.state("stored"), '\n');
  if (paths.empty()) return;
  const auto daemon = daemon_of_post(step);
  if (!daemon) {
    step.annotate("warning", {Code::kUnreachable, "the job's daemon is gone, so its credentials end by their time alone",
                              "`runnerfs secret ls --all` shows what is left; `runnerfs secret rm` removes it"});
    return;
  }
  for (const std::string& path : paths) {
    const auto removed = daemon->access->remove(path);
    if (!removed && removed.error().code != Code::kNotFound) step.annotate("warning", removed.error());
    if (!daemon->mounted) ::unlink((daemon->place + "/secrets/" + path.substr(path.rfind('/') + 1)).c_str());
  }
}

}  // namespace rfs
