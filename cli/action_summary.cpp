#include "cli/action_summary.h"

#include <fmt/format.h>

#include "base/json.h"
#include "cli/access.h"
#include "cli/json_view.h"
#include "cli/message.h"

namespace rfs {
namespace {

struct Numbers {
  std::string_view stats;
  std::uint64_t at(const char* name) const { return static_cast<std::uint64_t>(json_number(stats, name)); }
};

std::string limit_left(std::string_view status) {
  for (const std::string& window : json_list(status, "rate_limits"))
    if (json_text(window, "resource") == "core" && json_number(window, "remaining") >= 0)
      return fmt::format("{} of {} until {}", json_text(window, "remaining"), json_text(window, "limit"),
                         json_text(window, "reset_at"));
  return "unknown: GitHub was not asked";
}

std::string time_saved(const Numbers& now) {
  const double hours = json_number(now.stats, "scan_time_saved_hours");
  if (now.at("scans_skipped") == 0) return "none";
  return hours > 0 ? fmt::format("{:.1f} min", hours * 60) : "unknown: nobody measured the scan";
}

std::string percent_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "–" : fmt::format("{:.0f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

std::string summary_markdown(std::string_view stats, std::string_view status, std::string_view peers) {
  const Numbers now{stats};
  const std::uint64_t requests = now.at("total_requests"), hits = now.at("hits");
  const std::uint64_t memory = now.at("memory_hits"), disk = now.at("disk_hits"), others = now.at("peer_hits");
  const std::uint64_t made = now.at("api_calls_made"), saved = now.at("api_calls_saved");
  std::string out = "### runnerfs\n\n| | |\n|---|---|\n";
  const auto row = [&](std::string_view name, const std::string& value) {
    out += fmt::format("| {} | {} |\n", name, value);
  };
  row("Reads answered from a cache", fmt::format("{} of {} ({})", hits, requests, percent_of(hits, requests)));
  row("… by tier", fmt::format("memory {}, disk {}, peers {}", memory, disk, others));
  row("API calls made", fmt::format("{}", made));
  row("API calls saved", fmt::format("{} ({})", saved, percent_of(saved, saved + made)));
  row("API limit left", limit_left(status));
  row("Scans skipped", fmt::format("{}", now.at("scans_skipped")));
  row("Scan time saved", time_saved(now));
  row("Credentials granted", fmt::format("{}", now.at("credentials_accessed")));
  row("Credentials denied", fmt::format("{}", now.at("credentials_denied")));
  if (const std::string anchor = json_text(status, "secrets.audit_anchor"); !anchor.empty())
    row("Audit log's last line", fmt::format("`{}`, which `runnerfs audit verify --anchor` demands", anchor));
  row("Peers", fmt::format("{}", json_list(peers, "peers").size()));
  out += fmt::format(
      "\n```mermaid\nflowchart LR\n"
      "  reads([\"{} reads\"]) -->|\"{}\"| memory[memory]\n"
      "  reads -->|\"{}\"| disk[disk]\n"
      "  reads -->|\"{}\"| peers[peers]\n"
      "  reads -->|\"{} calls\"| github[GitHub]\n```\n",
      requests, memory, disk, others, made);
  return out;
}

void write_summary(ActionStep& step, const JobDaemon& daemon) {
  const auto read = [&](const char* name) {
    auto text = read_tree(*daemon.access, std::string(".runnerfs/") + name);
    return text ? std::move(*text) : std::string("{}");
  };
  step.summary(summary_markdown(read("stats.json"), read("status.json"), read("peers.json")));
}

}  // namespace rfs
