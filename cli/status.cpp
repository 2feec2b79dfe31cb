#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/duration.h"
#include "cli/access.h"
#include "cli/beacons.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/registry.h"

namespace rfs {
namespace {

std::string span(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

// Whose credentials secrets/ shows.
std::string context_text(const std::string& status) {
  std::string out;
  for (const char* part : {"repository", "workflow_file", "workflow_name", "runner", "event"}) {
    const std::string value = json_text(status, fmt::format("secrets.context.{}", part));
    if (!value.empty()) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", part, value);
  }
  const std::string untrusted = json_text(status, "secrets.context.untrusted");
  if (!untrusted.empty()) out += fmt::format("{}untrusted: {}", out.empty() ? "" : "; ", untrusted);
  return out.empty() ? "none: global credentials only" : out;
}

std::string status_text(const std::string& status) {
  std::string out;
  const auto at = [&](const char* path) { return json_text(status, path); };
  const auto row = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("{:<10} {}\n", name, printable(value));
  };
  const std::string mountpoint = at("mountpoint");
  row("mounted", mountpoint.empty() ? "nowhere (serve)" : mountpoint);
  row("daemon", fmt::format("runnerfs {}, pid {}, up {}, for uid {}", at("version"), at("pid"),
                            span(json_number(status, "uptime")), at("uid")));
  row("socket", at("socket"));
  row("api", at("api_url"));
  row("repo", at("repo"));
  const std::string trouble = at("identity.error");
  row("token", trouble.empty() ? fmt::format("{}, from {}", at("identity.kind"), at("identity.origin"))
                               : trouble + "; " + at("identity.hint"));
  row("key", at("key_source"));
  const std::vector<std::string> weak = json_list(status, "weak");
  if (weak.empty()) row("secure", "yes");
  for (const std::string& reason : weak) row("weak", json_text(reason, ""));
  if (at("secrets.available") == "true") {
    row("secrets", fmt::format("{}: {}; {} active, scopes: {}", at("secrets.isolation"), at("secrets.protects"),
                               at("secrets.active"), at("secrets.scopes")));
    row("context", context_text(status));
  }
  row("secrets", at("secrets.trouble").empty() ? "" : "not available: " + at("secrets.trouble"));
  if (at("peers.running") == "true") {
    row("peers", fmt::format("{} connected, {} members, network {}, secret from {}, verify {}", at("peers.connected"),
                             at("peers.members"), at("peers.network_id"), at("peers.secret"), at("peers.verify")));
    row("node", fmt::format("{}, {}", at("peers.id"),
                            at("peers.port") == "0" ? "does not listen" : "listens on port " + at("peers.port")));
    if (at("peers.refused") != "0" || at("peers.turned_away") != "0" || at("peers.unfinished") != "0")
      row("sent away", fmt::format("{} peers, {} connections beyond the limits, {} that did not come up", at("peers.refused"),
                                   at("peers.turned_away"), at("peers.unfinished")));
  } else {
    row("peers", "off: " + at("peers.off"));
  }
  if (at("peers.running") == "true") row("beacons", beacons_text(status, SystemClock().wall()));
  if (at("registry.running") == "true" || at("registry.off").find("p2p.registry") == std::string::npos)
    row("registry", at("peers.running") == "true" ? registry_text(status, SystemClock().wall()) : "");
  const std::string directory = at("store.directory");
  row("store",
      fmt::format("{}: {} entries, {} bytes{}", directory.empty() ? "in memory" : directory, at("store.entries"),
                  at("store.bytes"), at("store.read_only") == "true" ? ", read-only" : ""));
  row("trouble", at("store.trouble"));
  for (const std::string& tier : json_list(status, "resting"))
    row("resting", json_text(tier, "") + ": not asked for a while after failures in a row");
  row("memory", fmt::format("{} entries, {} bytes", at("memory.entries"), at("memory.bytes")));
  for (const std::string& window : json_list(status, "rate_limits"))
    row("limit",
        fmt::format(
            "{}: {} of {} remain until {}{}", json_text(window, "resource"), json_text(window, "remaining"),
            json_text(window, "limit"), json_text(window, "reset_at"),
            json_text(window, "blocked_until").empty() ? "" : ", blocked until " + json_text(window, "blocked_until")));
  row("proof", at("proof").empty() ? "on" : at("proof"));
  row("reads",
      fmt::format("{} hits, {} misses, {} calls made, {} calls saved, {} stale", at("stats.hits"), at("stats.misses"),
                  at("stats.api_calls_made"), at("stats.api_calls_saved"), at("stats.stale_served")));
  row("now", fmt::format("{} nodes, {} readers wait", at("nodes"), at("waiting")));
  for (const std::string& warning : json_list(status, "warnings")) row("warning", json_text(warning, ""));
  return out;
}

}  // namespace

int run_status(const Given& given) {
  double interval = 2;
  if (given.has("--interval")) {
    const auto asked = parse_duration(given.get("--interval"));
    if (!asked || *asked < 0.1)
      return report({Code::kUsage, "status: --interval is no time", "write seconds, or 500ms, 10s"});
    interval = *asked;
  }
  auto reach = Reach::open_daemon(given);
  if (!reach) return report(reach.error());
  while (true) {
    const auto status = read_tree((*reach)->access(), ".runnerfs/status.json");
    if (!status) return report(status.error());
    const bool screen = given.has("--watch") && ::isatty(STDOUT_FILENO) == 1;
    const std::string text = !given.has("--json")   ? status_text(*status)
                             : given.has("--watch") ? *status
                                                    : json_pretty(*status);
    const auto printed = to_stdout(view((screen ? "\x1b[H\x1b[2J" : "") + text));
    if (!printed) return report(printed.error());
    if (!given.has("--watch") || !*printed) return 0;
    std::this_thread::sleep_for(std::chrono::duration<double>(interval));
  }
}

}  // namespace rfs
