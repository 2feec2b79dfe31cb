// setup-codeql-cache: may this job's scan be skipped? Every doubt, and every failure on the way, means that it runs.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

#include "base/file.h"
#include "cli/action_daemon.h"
#include "cli/action_scan.h"
#include "cli/action_snapshot.h"
#include "cli/json_view.h"
#include "cli/value.h"

namespace rfs {
namespace {

constexpr Millis kCheckPatience{60'000};
constexpr std::string_view kUsualTtl = "86400";  // the input's default, which is nobody's wish

struct ScanAnswer {
  std::string status = "success", reason, sarif, directory;
  bool skip = false, needs_upload = false;
  const JobDaemon* daemon = nullptr;
};

int answer_scan(ActionStep& step, const ScanAnswer& answer) {
  step.output("cache-status", answer.status);
  step.output("should-skip-scan", answer.skip ? "true" : "false");
  step.output("cached-result", answer.skip ? answer.sarif : "");
  step.output("cache-dir", answer.directory);
  step.output("reason", answer.reason);
  step.output("needs-upload", answer.skip && answer.needs_upload ? "true" : "false");
  step.output("mount-path", answer.daemon != nullptr ? answer.daemon->place : "");
  step.output("mount-status", answer.daemon != nullptr ? answer.daemon->status() : "disabled");
  step.say(fmt::format("{}: {}", answer.skip ? "skip" : "scan", answer.reason));
  return step.end();
}

// Where results are kept, by the option that says so.
std::string directory_of_results(const Settings& settings) {
  const Option* option = find_option("codeql.directory");
  return option != nullptr ? option_text(settings, *option) : settings.cache_directory;
}

// Languages that are analysed together have one category, by which GitHub cannot tell their results apart: only our own
// store can. "" when nothing is left to ask.
std::string sources_of_scans(const ActionStep& step, const std::vector<PlannedScan>& scans) {
  const std::string asked = step.has("source") ? step.input("source") : "local,github";
  if (scans.size() == 1) return asked;
  return asked.find("local") != std::string::npos ? "local" : "";
}

std::vector<std::string> words_of_scan(const ActionStep& step, const char* command, const PlannedScan& scan,
                                       const std::string& sources) {
  std::vector<std::string> out{"codeql", command, "--language", scan.language, "--config", scan.config};
  const auto add = [&](const char* flag, const std::string& text) {
    if (!text.empty()) out.insert(out.end(), {flag, text});
  };
  add("--category", scan.category);
  add("--build-mode", scan.build_mode);
  add("--tool-version", scan.tool_version);
  add("--commit", step.input("commit-sha"));
  add("--source", sources);
  if (step.input("cache-ttl") != kUsualTtl) add("--codeql-cache-ttl", step.input("cache-ttl"));
  return out;
}

// The place of prepared results: the job's own, which ends with it.
Result<std::string> directory_of_prepared(const ActionStep& step, const JobDaemon& daemon) {
  const std::string temporary = step.variable("RUNNER_TEMP");
  const std::string path = daemon.mounted ? (temporary.starts_with("/") ? temporary : daemon.place + ".run") + "/runnerfs-codeql"
                                          : daemon.place + "/codeql";
  TRY(make_directories(path, 0700));
  return path;
}

// One language: skip with the prepared SARIF in `directory`, or the reason for a scan.
ScanAnswer check_scan(ActionStep& step, const JobDaemon& daemon, const PlannedScan& scan, const std::string& sources,
                      const std::string& directory) {
  ScanAnswer out;
  std::vector<std::string> words = words_of_scan(step, "check", scan, sources);
  const std::string raw = fmt::format("{}/{}.stored", directory, scan.language);
  words.insert(words.end(), {"--json", "--output", raw});
  const std::string said = run_beside_daemon(step, daemon.socket, words, kCheckPatience);
  out.reason = json_text(said, "reason");
  if (out.reason.empty()) out.reason = "the check did not answer";
  out.skip = json_text(said, "answer") == "skip";
  out.needs_upload = json_text(said, "needs_upload") == "true";
  ::unlink(raw.c_str());
  if (!out.skip) return out;
  out.sarif = fmt::format("{}/{}.sarif", directory, scan.language);
  words = words_of_scan(step, "prepare-upload", scan, sources);
  words.insert(words.end(), {"--output", out.sarif});
  int code = 0;
  (void)run_beside_daemon(step, daemon.socket, words, kCheckPatience, &code);
  if (code == 0) return out;
  out.skip = false;
  out.reason = "the stored result does not fit this commit; the log says why";
  return out;
}

// Several languages are skipped together or not at all: the init and analyze steps are one.
ScanAnswer check_scans(ActionStep& step, const JobDaemon& daemon, const std::vector<PlannedScan>& scans) {
  ScanAnswer out;
  const auto directory = directory_of_prepared(step, daemon);
  if (!directory) {
    out.reason = directory.error().message;
    return out;
  }
  const std::string sources = sources_of_scans(step, scans);
  if (sources.empty()) {
    out.reason = "several languages have one category, by which GitHub's results cannot be told apart";
    return out;
  }
  for (const PlannedScan& scan : scans) {
    const ScanAnswer one = check_scan(step, daemon, scan, sources, *directory);
    out.reason = scans.size() == 1 ? one.reason : fmt::format("{}: {}", scan.language, one.reason);
    out.needs_upload |= one.needs_upload;
    out.sarif = scans.size() == 1 ? one.sarif : *directory;
    if (one.skip) continue;
    // A directory that is uploaded must not hold a part of the answer.
    for (const PlannedScan& other : scans) ::unlink(fmt::format("{}/{}.sarif", *directory, other.language).c_str());
    return out;
  }
  out.skip = true;
  if (scans.size() > 1) out.reason = fmt::format("all {} languages: {}", scans.size(), out.reason);
  return out;
}

// For post: what is stored then has the key of what was checked out, whatever a build leaves in the work tree.
void keep_scans(ActionStep& step, const std::vector<PlannedScan>& scans) {
  step.keep("scans", scans_text(scans));
  step.keep("begun", fmt::format("{}", std::time(nullptr)));
  for (const PlannedScan& scan : scans) {
    std::vector<std::string> words = words_of_scan(step, "key", scan, "");
    words.push_back("--json");
    step.keep("key-" + scan.language, run_beside_daemon(step, "", words, kCheckPatience));
  }
}

}  // namespace

int setup_codeql_cache(ActionStep& step) {
  ScanAnswer out;
  const auto enabled = step.flag("enable-caching", true);
  const auto settings = common_settings(step);
  if (!enabled || !settings) {
    const Error& wrong = enabled ? settings.error() : enabled.error();
    step.annotate("warning", wrong);
    out.status = "error";
    out.reason = wrong.message;
    return answer_scan(step, out);
  }
  ConfigSources sources{step.environment(), *settings, step.variable("GITHUB_WORKSPACE"), expand_home("~")};
  if (const auto configuration = load_configuration(sources)) out.directory = directory_of_results(configuration->settings);
  if (!*enabled) {
    out.status = "disabled";
    out.reason = "caching is switched off (enable-caching)";
    return answer_scan(step, out);
  }
  auto daemon = daemon_of_job(step, *settings);
  if (!daemon) {
    step.annotate("warning", daemon.error());
    out.status = "error";
    out.reason = daemon.error().message;
    return answer_scan(step, out);
  }
  if (daemon->not_mounted)
    step.annotate("warning", {daemon->not_mounted->code, "no mount: " + daemon->not_mounted->message, daemon->not_mounted->hint});
  restore_snapshot_of_job(step, *daemon);
  const auto scans = planned_scans(step);
  if (!scans) {
    step.annotate("notice", scans.error());
    out.reason = scans.error().message;
  } else {
    ScanAnswer checked = check_scans(step, *daemon, *scans);
    checked.directory = out.directory;
    out = std::move(checked);
    if (!out.skip) keep_scans(step, *scans);
  }
  out.daemon = &*daemon;
  return answer_scan(step, out);
}

}  // namespace rfs
