#include "cli/doctor.h"

#include <fmt/format.h>

#include "cli/access.h"
#include "cli/command.h"
#include "cli/message.h"

namespace rfs {
namespace {

// peers.json of the daemon that a command would ask; "" where there is none.
std::string peers_of_daemon(const Given& given) {
  const auto reach = Reach::open_daemon(given);
  if (!reach) return {};
  return read_tree((*reach)->access(), ".runnerfs/peers.json").value_or("");
}

}  // namespace

int run_doctor(const Given& given) {
  EnvironmentToken token = take_secrets();
  const ConfigSources sources = present_sources(given.settings);
  const auto configuration = load_configuration(sources);
  if (!configuration) return report(configuration.error());

  Findings findings;
  for (const Note& note : configuration->notes)
    findings.push_back({note.warning ? Finding::Grade::kWarn : Finding::Grade::kOk, "configuration", note.text, ""});
  check_fuse(findings);
  check_mounts(findings, sources.environment);
  EnvironmentToken for_peers;
  for_peers.bytes = token.bytes.clone();
  for_peers.name = token.name;
  for_peers.network = std::move(token.network);
  for_peers.network_name = token.network_name;
  for_peers.runtime = std::move(token.runtime);
  const Findings clock = check_origin(findings, *configuration, std::move(token), sources.environment);
  check_directories(findings, configuration->settings, sources.environment);
  check_key(findings, configuration->settings, sources.environment);
  check_stores(findings, configuration->settings, sources.environment);
  check_credentials(findings, configuration->settings, sources.environment);
  check_peers(findings, configuration->settings, for_peers, sources.environment, peers_of_daemon(given), given.has("--peers"));
  findings.insert(findings.end(), clock.begin(), clock.end());

  std::string out;
  bool failed = false;
  for (const Finding& finding : findings) {
    const char* word = finding.grade == Finding::Grade::kOk     ? "ok"
                       : finding.grade == Finding::Grade::kWarn ? "warn"
                                                                : "fail";
    out += fmt::format("{:<5} {:<14} {}\n", word, finding.what, printable(finding.text));
    if (finding.grade != Finding::Grade::kOk && !finding.hint.empty())
      out += fmt::format("      hint: {}\n", printable(finding.hint));
    failed = failed || finding.grade == Finding::Grade::kFail;
  }
  const int printed = print(out);
  return printed != 0 ? printed : failed ? 1 : 0;
}

}  // namespace rfs
