// setup-github-cache: the job's daemon with the settings of the step's inputs.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/file.h"
#include "cli/access.h"
#include "cli/action_credentials.h"
#include "cli/action_daemon.h"
#include "cli/action_snapshot.h"
#include "cli/json_view.h"
#include "cli/places.h"
#include "cli/value.h"

namespace rfs {
namespace {

// An input, the option that it stands for, and the input's default: a value that nobody chose gives way to the files of
// owner and checkout.
struct InputOption {
  const char* input;
  const char* key;
  const char* otherwise;
};
constexpr InputOption kInputs[] = {
    {"cache-size", "cache.max_size", "5000"},
    {"cache-ttl", "cache.default_ttl", "300"},
    {"p2p-port", "p2p.listen_port", "9000"},
    {"enable-p2p", "p2p.enabled", "true"},
    {"enable-peer-discovery", "p2p.peer_discovery", "true"},
};

ConfigSources sources_of(const ActionStep& step, std::vector<FlagValue> flags) {
  const std::string workspace = step.variable("GITHUB_WORKSPACE");
  return {step.environment(), std::move(flags), workspace, expand_home("~")};
}

// Inputs that are not of this version (an older binary) are left out. kUsage: a wrong value.
Result<std::vector<FlagValue>> settings_of_inputs(const ActionStep& step) {
  TRY_ASSIGN(std::vector<FlagValue> out, common_settings(step));
  std::vector<FlagValue> defaults;
  for (const InputOption& one : kInputs) {
    if (!step.has(one.input) || find_option(one.key) == nullptr) continue;
    TRY_ASSIGN(FlagValue value, setting_of_input(step, one.key, one.input));
    (step.input(one.input) == one.otherwise ? defaults : out).push_back(std::move(value));
  }
  TRY_ASSIGN(const Configuration without, load_configuration(sources_of(step, out)));
  // Nor is it a wish where it is the program's own default: a port that somebody names is one to listen on.
  const Settings untouched;
  for (FlagValue& value : defaults)
    if (!without.settings.origins.contains(value.option->key) && option_text(untouched, *value.option) != value.texts[0])
      out.push_back(std::move(value));
  return out;
}

// Where files stand in for the mount, what `prefetch` names is laid down; a mount has it in its cache then.
void prefetch_paths(ActionStep& step, const JobDaemon& daemon) {
  for (std::string path : names_in(step.input("prefetch"))) {
    while (path.starts_with("/")) path.erase(0, 1);
    if (!path.starts_with("api/")) path.insert(0, "api/");
    const auto text = read_tree(*daemon.access, path, 100u << 20);
    if (!text) {
      step.annotate("warning", {text.error().code, fmt::format("prefetch {}: {}", path, text.error().message), text.error().hint});
      continue;
    }
    if (daemon.mounted) continue;
    const std::string file = absolute_path(daemon.place + "/" + path);
    if (!file.starts_with(daemon.place + "/api/")) continue;
    auto made = make_directories(file.substr(0, file.rfind('/')), 0700);
    if (made) made = replace_file(file, *text, 0600);
    if (!made) step.annotate("warning", {made.error().code, fmt::format("prefetch {}: {}", path, made.error().message), ""});
  }
}

// Whether a peer may still come up: beacons are being looked for, or some are there.
bool beacons_promise(const std::string& peers) {
  if (json_text(peers, "beacons.running") != "true" || json_number(peers, "beacons.failed") > 0) return false;
  return json_number(peers, "beacons.listed") == 0 || json_number(peers, "beacons.others") > 0;
}

// Named peers are dialled at once, and so are those of beacons once these are read; a moment for the first of them, and not
// more: the step is there to be quick.
std::size_t wait_for_peers(Access& access, bool named) {
  const auto begun = std::chrono::steady_clock::now();
  while (true) {
    const std::string peers = read_tree(access, ".runnerfs/peers.json").value_or("");
    const std::size_t count = json_list(peers, "peers").size();
    const Millis patience(beacons_promise(peers) ? 2'000 : named ? 1'000 : 0);
    if (count > 0 || std::chrono::steady_clock::now() - begun >= patience) return count;
    std::this_thread::sleep_for(Millis(50));
  }
}

struct CacheAnswer {
  std::string cache_status = "disabled", cache_directory, mount_path, mount_status = "disabled";
  std::size_t peers = 0;
  std::uint64_t restored = 0;
};

int answer_cache(ActionStep& step, const CacheAnswer& out) {
  step.output("cache-status", out.cache_status);
  step.output("peer-count", fmt::format("{}", out.peers));
  step.output("cache-dir", out.cache_directory);
  step.output("mount-path", out.mount_path);
  step.output("mount-status", out.mount_status);
  step.output("restored-entries", fmt::format("{}", out.restored));
  return step.end();
}

}  // namespace

int setup_github_cache(ActionStep& step) {
  CacheAnswer out;
  const auto settings = settings_of_inputs(step);
  if (!settings) {
    step.annotate("warning", settings.error());
    return answer_cache(step, out);
  }
  const auto configuration = load_configuration(sources_of(step, *settings));
  if (!configuration) {
    step.annotate("warning", configuration.error());
    return answer_cache(step, out);
  }
  const Settings& effective = configuration->settings;
  out.cache_directory = effective.cache_directory;
  for (const Note& note : configuration->notes) step.say(note.text);

  auto daemon = daemon_of_job(step, *settings);
  if (!daemon) {
    step.annotate("warning", daemon.error());
    return answer_cache(step, out);
  }
  out.mount_path = daemon->place;
  out.mount_status = daemon->status();
  if (daemon->not_mounted)
    step.annotate("warning", {daemon->not_mounted->code, "no mount: " + daemon->not_mounted->message,
                              daemon->not_mounted->hint.empty() ? "`runnerfs cat api/…` works without one"
                                                                : daemon->not_mounted->hint});
  out.cache_status = !effective.cache_enabled ? "disabled" : daemon->mounted ? "success" : "fallback";
  if (!effective.cache_enabled)
    step.annotate("notice", {Code::kUnsupported, "the cache is switched off: each read asks GitHub",
                             "cache.enabled: false stands in " + effective.origins.at("cache.enabled")});
  if (effective.cache_enabled) restore_snapshot_of_job(step, *daemon);
  const auto status = read_tree(*daemon->access, ".runnerfs/status.json");
  if (status) {
    out.restored = static_cast<std::uint64_t>(json_number(*status, "store.entries"));
    if (const std::string without = json_text(*status, "identity.error"); !without.empty())
      step.annotate("warning", {Code::kDenied, "no token: " + without, "leave github-token at its default, the job's own"});
    else if (json_text(*status, "identity.kind") == "anonymous")
      step.annotate("warning", {Code::kDenied, "no token: GitHub answers 60 requests an hour, about public repositories alone",
                                "leave github-token at its default, the job's own"});
  }
  prefetch_paths(step, *daemon);
  const Option* bootstrap = find_option("p2p.bootstrap_peers");
  out.peers = wait_for_peers(*daemon->access, bootstrap != nullptr && effective.origins.contains(bootstrap->key));
  step.say(fmt::format("{} at {}", out.mount_status, out.mount_path));
  return answer_cache(step, out);
}

void after_github_cache(ActionStep&) {}

}  // namespace rfs
