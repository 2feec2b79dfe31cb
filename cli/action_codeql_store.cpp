// The post step of setup-codeql-cache: keeps what the analyze step found, under the key that main computed.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/action_daemon.h"
#include "cli/action_scan.h"
#include "cli/action_snapshot.h"
#include "cli/places.h"
#include "cli/value.h"

namespace rfs {
namespace {

constexpr Millis kStorePatience{120'000};

// codeql-action says it itself; else what the runner says of the job. "" when it succeeded.
std::string why_no_analysis(const ActionStep& step) {
  const std::string said = step.variable("CODEQL_ACTION_ANALYZE_DID_COMPLETE_SUCCESSFULLY");
  if (said == "true") return {};
  if (!said.empty()) return "the analyze step did not complete";
  const std::string status = step.input("job-status");
  return status == "success" ? "" : fmt::format("the job's state is '{}'", status);
}

struct FoundResult {
  std::string path;
  std::uint64_t seconds = 0;  // from this step to the result: what a skip saves
};

// The results of this job: written after main began, which one of an earlier job on this machine was not.
Result<FoundResult> result_of_scan(const ActionStep& step, const std::string& language) {
  const std::string directory = step.input("sarif-dir").empty() ? "../results" : step.input("sarif-dir");
  const std::string path = absolute_path((directory.starts_with("/") ? "" : step.variable("GITHUB_WORKSPACE") + "/") + directory +
                                         "/" + language + ".sarif");
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode))
    return fail(Code::kNotFound, fmt::format("there is no {}", path), "is sarif-dir the analyze step's output?");
  const auto begun = parse_whole(step.state("begun"));
  if (!begun || info.st_mtim.tv_sec < static_cast<std::int64_t>(*begun))
    return fail(Code::kStale, fmt::format("{} is older than this job", path));
  return FoundResult{path, static_cast<std::uint64_t>(info.st_mtim.tv_sec) - *begun};
}

void store_scan(ActionStep& step, const JobDaemon& daemon, const PlannedScan& scan) {
  const auto found = result_of_scan(step, scan.language);
  if (!found) return step.say(fmt::format("{}: not stored: {}", scan.language, found.error().message));
  const std::string manifest = step.state("key-" + scan.language);
  if (manifest.empty()) return step.say(fmt::format("{}: not stored: main could not make its key", scan.language));
  const std::string file = fmt::format("{}.key.json", found->path);
  if (auto written = replace_file(file, manifest, 0600); !written)
    return step.say(fmt::format("{}: not stored: {}", scan.language, written.error().message));
  std::vector<std::string> words{"codeql",     "put",       found->path,  "--language", scan.language,
                                 "--config",   scan.config, "--manifest", file};
  const auto add = [&](const char* flag, const std::string& text) {
    if (!text.empty()) words.insert(words.end(), {flag, text});
  };
  add("--category", scan.category);
  add("--build-mode", scan.build_mode);
  add("--tool-version", scan.tool_version);
  add("--commit", step.input("commit-sha"));
  add("--scan-duration", found->seconds > 0 ? fmt::format("{}", found->seconds) : "");
  int code = 0;
  (void)run_beside_daemon(step, daemon.socket, words, kStorePatience, &code);
  ::unlink(file.c_str());
  step.say(fmt::format("{}: {}", scan.language, code == 0 ? "stored for later jobs" : "not stored"));
}

}  // namespace

void after_codeql_cache(ActionStep& step) {
  if (step.state("scans").empty()) return;
  const auto scans = parse_scans(step.state("scans"));
  if (!scans) return step.say(scans.error().message);
  if (const std::string why = why_no_analysis(step); !why.empty()) return step.say("nothing is stored: " + why);
  const auto daemon = daemon_of_post(step);
  if (!daemon) return step.say("nothing is stored: the job's daemon is gone");
  for (const PlannedScan& scan : *scans) store_scan(step, *daemon, scan);
}

}  // namespace rfs
