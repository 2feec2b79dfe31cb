// .runnerfs/status.json, daemon.json and ratelimit.json: what `runnerfs status` shows. No token, no path of api/.
#include <unistd.h>

#include <set>

#include "base/file.h"
#include "base/json.h"
#include "cli/daemon.h"
#include "cli/value.h"

namespace rfs {
namespace {

std::string window_json(const RateWindow& window) {
  JsonLine line;
  line.text("resource", window.resource).number("limit", window.limit).number("remaining", window.remaining);
  line.number("used", window.used).number("reset", static_cast<std::int64_t>(window.reset));
  if (window.reset > 0) line.text("reset_at", rfc3339(window.reset));
  if (window.blocked_until > 0) line.text("blocked_until", rfc3339(window.blocked_until));
  return line.str();
}

std::string list_json(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return "[" + out + "]";
}

}  // namespace

std::string Daemon::rate_json() {
  std::vector<std::string> items;
  for (const RateWindow& window : origin_->windows()) items.push_back(window_json(window));
  return JsonLine().raw("windows", list_json(items)).str() + "\n";
}

// Who this daemon is: what commands ask before anything else, so nothing in it may wait (a token may: `gh`).
std::string Daemon::daemon_json() {
  JsonLine line;
  line.text("version", RFS_VERSION).number("pid", static_cast<std::int64_t>(::getpid()));
  line.text("mountpoint", mountpoint_).text("socket", *socket_path_.lock()).text("cache_directory", settings_.cache_directory);
  line.text("codeql_directory", settings_.codeql_directory);
  line.text("credentials_directory", settings_.credentials_directory).raw("context", context_json());
  return line.text("stop_error", *stop_error.lock()).str() + "\n";
}

std::string Daemon::status_json() {
  std::vector<std::string> weak;
  if (!key_.key.weakness.empty()) weak.push_back(json_quote(key_.key.weakness));
  if (!secret_locked()) weak.push_back(json_quote("secrets are not locked into memory (ulimit -l)"));
  if (!peers_weakness_.empty()) weak.push_back(json_quote(peers_weakness_));
  if (settings_.api_url.starts_with("http://")) weak.push_back(json_quote("GitHub is asked without TLS"));

  const EntryStore::Usage usage = store_->usage();
  std::string trouble = store_->trouble();
  if (trouble.empty() && store_trouble_) trouble = store_trouble_->message;
  JsonLine store;
  store.text("directory", on_disk_ ? settings_.cache_directory : "").boolean("on_disk", on_disk_);
  store.number("entries", usage.entries)
      .number("bytes", usage.bytes)
      .boolean("read_only", usage.read_only)
      .text("trouble", trouble);

  JsonLine identity;
  if (const auto now = identities_->current()) {
    identity.text("kind", (*now)->kind).text("origin", (*now)->origin);
  } else {
    identity.text("error", now.error().message).text("hint", now.error().hint);
  }
  std::vector<std::string> windows, warnings;
  for (const RateWindow& window : origin_->windows()) windows.push_back(window_json(window));
  for (const std::string& warning : warnings_) warnings.push_back(json_quote(warning));

  JsonLine line;
  line.text("version", RFS_VERSION).number("pid", static_cast<std::int64_t>(::getpid()));
  line.text("mountpoint", mountpoint_)
      .text("socket", *socket_path_.lock())
      .number("uid", static_cast<std::uint64_t>(served_.uid));
  line.real("started", started_).real("uptime", clock_.wall() - started_);
  line.text("api_url", settings_.api_url).text("cache_directory", settings_.cache_directory);
  line.text("repo", settings_.repo).text("key_source", key_source_word(key_.key.kind));
  line.boolean("secure", weak.empty()).raw("weak", list_json(weak)).raw("store", store.str());
  line.raw("memory", JsonLine()
                         .number("entries", static_cast<std::uint64_t>(memory_->entries()))
                         .number("bytes", memory_->bytes())
                         .str());
  line.raw("secrets", secrets_json()).raw("codeql", scans_->status_json()).raw("peers", peers_status_json()).raw("beacons", beacons_json());
  line.raw("registry", registry_json());
  line.raw("identity", identity.str()).raw("rate_limits", list_json(windows)).text("proof", origin_->proof_state());
  // Each of the two has its own view of the disk.
  std::set<std::string> resting;
  for (const std::string& tier : chain_->resting()) resting.insert(json_quote(tier));
  for (const std::string& tier : cache_->resting()) resting.insert(json_quote(tier));
  line.raw("resting", list_json({resting.begin(), resting.end()}));
  line.number("breakers_opened", counters_.get(Counter::kBreakerOpened));
  line.number("nodes", static_cast<std::uint64_t>(session_ ? session_->nodes() : 0));
  line.number("waiting", static_cast<std::uint64_t>(session_ ? session_->waiting() : 0));
  if (const auto score = read_file("/proc/self/oom_score_adj", 64)) line.text("oom_score_adj", trimmed(*score));
  line.text("stop_error", *stop_error.lock())
      .raw("warnings", list_json(warnings))
      .raw("stats", std::string(trimmed(stats_json())));
  return line.str() + "\n";
}

}  // namespace rfs
