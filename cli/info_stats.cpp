// .runnerfs/stats.json and totals.json: the reference's names first, then every counter of ours.
#include "base/json.h"
#include "cli/daemon.h"

namespace rfs {

std::string Daemon::stats_of(const Totals::Values& values) {
  const auto count = [&](Counter counter) { return values[static_cast<std::size_t>(counter)]; };
  const std::uint64_t hits = count(Counter::kHits), requests = hits + count(Counter::kMisses);
  const PeersState peers = peers_->state();
  JsonLine line;
  line.number("hits", hits)
      .number("misses", count(Counter::kMisses))
      .number("peer_hits", count(Counter::kPeerHits))
      .number("local_hits", count(Counter::kLocalHits))
      .number("total_hits", hits)
      .number("total_requests", requests)
      .real("hit_rate", requests == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(requests))
      .number("api_calls_made", count(Counter::kApiCallsMade))
      .number("api_calls_saved", count(Counter::kApiCallsSaved))
      .number("expirations", count(Counter::kExpirations))
      .number("evictions", count(Counter::kEvictions))
      .number("cache_size", store_->usage().entries)
      .number("max_cache_size", settings_.cache_max_size)
      .number("connected_peers", static_cast<std::uint64_t>(peers.peers.size()))
      .number("peer_count", static_cast<std::uint64_t>(peers.peers.size()))
      .boolean("p2p_enabled", peers.running);
  const std::uint64_t skipped = count(Counter::kScansSkipped);
  line.number("scans_cached", count(Counter::kScansCached))
      .number("scans_retrieved", count(Counter::kScansRetrieved))
      .number("scans_skipped", skipped);
  // Unknown is unknown: no guess stands for a scan whose time nobody recorded.
  if (skipped > 0 && count(Counter::kScansSkippedUntimed) == skipped)
    line.raw("scan_time_saved_hours", "null");
  else
    line.real("scan_time_saved_hours", static_cast<double>(count(Counter::kScanSecondsSaved)) / 3600);
  const Vault::State secrets = credentials();
  line.number("credentials_stored", secrets.stored)
      .number("credentials_accessed", secrets.accessed)
      .number("credentials_expired", secrets.expired)
      .number("credentials_rotated", secrets.rotated)
      .number("credentials_denied", secrets.denied)
      .number("active_credentials", secrets.active)
      .number("expired_credentials", secrets.expired_now);
  for (std::size_t i = static_cast<std::size_t>(Counter::kMemoryHits); i < values.size(); ++i) {
    const auto counter = static_cast<Counter>(i);
    const bool said = counter == Counter::kApiCallsMade || counter == Counter::kApiCallsSaved ||
                      counter == Counter::kExpirations || counter == Counter::kEvictions ||
                      counter == Counter::kScansCached || counter == Counter::kScansRetrieved ||
                      counter == Counter::kScansSkipped;
    if (!said) line.number(counter_name(counter), values[i]);
  }
  return line.str() + "\n";
}

std::string Daemon::stats_json() {
  peers_->count_bytes();
  Totals::Values now{};
  for (std::size_t i = 0; i < now.size(); ++i) now[i] = counters_.get(static_cast<Counter>(i));
  return stats_of(now);
}

std::string Daemon::totals_json() {
  auto totals = totals_->save();
  if (!totals) return JsonLine().text("error", totals.error().message).str() + "\n";
  return stats_of(*totals);
}

}  // namespace rfs
