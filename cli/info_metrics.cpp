// .runnerfs/metrics: the Prometheus text format, version 0.0.4.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/daemon.h"

namespace rfs {
namespace {

// In the order of the enum.
constexpr const char* kHelp[] = {
    "Reads answered from what was held",
    "Reads that GitHub had to answer with content",
    "Reads answered by a peer",
    "Reads answered by this machine",
    "Reads answered from memory",
    "Reads answered from disk",
    "Requests sent to GitHub",
    "Reads that cost no request of the quota",
    "Answers 304 of GitHub",
    "Answers 304 to the recomputed ETag of another credential's entry",
    "Readers that joined a request under way",
    "Reads answered with bytes past their time",
    "Reads of names remembered as absent",
    "Entries that ended by their time",
    "Entries removed for want of room",
    "Entries invalidated on demand",
    "Failed requests to GitHub",
    "Reads that met a rate limit",
    "Requests to GitHub sent again",
    "Failures of the store",
    "Entries written to the store",
    "Sealed records that did not authenticate",
    "Times that an optional tier was given a rest",
    "Files opened",
    "Reads of the kernel",
    "Bytes read by the kernel",
    "Names looked up",
    "Attributes asked for",
    "Directories listed",
    "Writes of the kernel",
    "Readers that gave up by a signal",
    "Deferred requests that reached their deadline",
    "Opens sent to a newer version",
    "Requests on the socket",
    "Lines written to errors.jsonl",
    "Messages sent to peers and received from them",
    "Bytes sent to peers",
    "Bytes received from peers",
    "Entries of cache/ that a peer took",
    "Entries of cache/ that came from a peer and were kept",
    "Entries of cache/ that came from a peer and were not kept",
    "Questions asked of peers",
    "Questions that no peer answered in time",
    "Bodies of peers that GitHub did not confirm",
    "Bodies given to peers",
    "Peers sent away: strangers, and broken formats",
    "Connections of others that were not let in: too many, or too fast",
    "Connections of others that ended before they came up",
    "Beacons of this runner that were hung up on the Actions cache",
    "Lists of beacons that were read",
    "Beacons that could not be hung up, and lists that could not be read",
    "Entries of this node that were written to the registry of peers",
    "Lists of the registry of peers that were read",
    "Rounds of the registry of peers that failed",
    "Results of scans that were stored",
    "Results of scans that were opened",
    "Scans that were skipped",
    "Skipped scans whose time nobody had recorded",
    "Seconds of the other skipped scans",
};
static_assert(std::size(kHelp) == static_cast<std::size_t>(Counter::kCount), "a counter without its help");

std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

std::string Daemon::metrics_text() {
  peers_->count_bytes();
  std::string out;
  const auto head = [&](std::string_view name, std::string_view type, std::string_view help) {
    out += fmt::format("# HELP runnerfs_{0} {2}\n# TYPE runnerfs_{0} {1}\n", name, type, help);
  };
  const auto gauge = [&](std::string_view name, std::string_view help, auto value) {
    head(name, "gauge", help);
    out += fmt::format("runnerfs_{} {}\n", name, value);
  };
  for (std::size_t i = 0; i < std::size(kHelp); ++i) {
    const auto counter = static_cast<Counter>(i);
    const std::string name = fmt::format("{}_total", counter_name(counter));
    head(name, "counter", kHelp[i]);
    out += fmt::format("runnerfs_{} {}\n", name, counters_.get(counter));
  }
  const EntryStore::Usage usage = store_->usage();
  gauge("store_entries", "Entries in the store", usage.entries);
  gauge("store_bytes", "Bytes in the store", usage.bytes);
  gauge("store_ok", "1 while the store on disk works or none is wanted",
        store_->trouble().empty() && !store_trouble_ ? 1 : 0);
  const Vault::State secrets = credentials();
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    head(name, "counter", help);
    out += fmt::format("runnerfs_{} {}\n", name, value);
  };
  count("credentials_stored_total", "Credentials stored", secrets.stored);
  count("credentials_accessed_total", "Credentials opened", secrets.accessed);
  count("credentials_expired_total", "Credentials that ended by their time", secrets.expired);
  count("credentials_rotated_total", "Credentials stored again", secrets.rotated);
  count("credentials_denied_total", "Accesses to credentials that were refused", secrets.denied);
  gauge("credentials_active", "Credentials in the store whose time is not over", secrets.active);
  gauge("secrets_ok", "1 while secrets/ can be used",
        vault_.lock()->get() != nullptr && secrets.trouble.empty() ? 1 : 0);
  const PeersState peers = peers_->state();
  gauge("p2p_enabled", "1 while this node is in a network of peers", peers.running ? 1 : 0);
  gauge("connected_peers", "Peers that are connected", peers.peers.size());
  const auto members = std::count_if(peers.peers.begin(), peers.peers.end(), [](const PeerState& one) { return one.proof == "member"; });
  gauge("peer_members", "Connected peers that proved to know the network's secret", members);
  gauge("memory_entries", "Entries in memory", memory_->entries());
  gauge("memory_bytes", "Bytes of entries in memory", memory_->bytes());
  gauge("uptime_seconds", "Seconds since the start", static_cast<std::int64_t>(clock_.wall() - started_));
  if (session_) {
    gauge("nodes", "Nodes that the kernel knows", session_->nodes());
    gauge("waiting", "Readers that wait for an answer", session_->waiting());
  }
  const std::vector<RateWindow> windows = origin_->windows();
  const auto per_resource = [&](std::string_view name, std::string_view help, auto value) {
    if (windows.empty()) return;
    head(name, "gauge", help);
    for (const RateWindow& window : windows)
      out += fmt::format("runnerfs_{}{{resource=\"{}\"}} {}\n", name, label(window.resource), value(window));
  };
  per_resource("ratelimit_limit", "Calls a window", [](const RateWindow& w) { return w.limit; });
  per_resource("ratelimit_remaining", "Calls that remain", [](const RateWindow& w) { return w.remaining; });
  per_resource("ratelimit_reset_seconds", "When the window ends, seconds since 1970",
               [](const RateWindow& w) { return static_cast<std::int64_t>(w.reset); });
  head("build_info", "gauge", "The version");
  out += "runnerfs_build_info{version=\"" RFS_VERSION "\"} 1\n";
  return out;
}

}  // namespace rfs
