#include "base/counters.h"

namespace rfs {
namespace {

// In the order of the enum.
constexpr std::string_view kNames[] = {
    "hits",           "misses",          "peer_hits",    "local_hits",      "memory_hits",    "disk_hits",
    "api_calls_made", "api_calls_saved", "revalidated",  "proven",          "coalesced",      "stale_served",
    "negative_hits",  "expirations",     "evictions",    "invalidations",   "origin_errors",  "rate_limited",
    "retries",        "store_errors",    "store_writes", "tampered",        "breaker_opened", "opens",
    "reads",          "bytes_read",      "lookups",      "getattrs",        "readdirs",       "writes",
    "interrupted",    "deadlines",       "stale_nodes",  "socket_requests", "errors",
    "message_count",  "bytes_sent",      "bytes_received",         "cache_entries_shared", "cache_entries_received",
    "cache_entries_refused", "peer_asks", "peer_late",  "peer_wrong", "peer_served", "peer_refused",
    "peer_turned_away", "peer_unfinished",
    "beacons_hung",   "beacon_lists",   "beacon_failures",
    "registry_entries", "registry_lists", "registry_failures",
    "scans_cached",   "scans_retrieved", "scans_skipped", "scans_skipped_untimed", "scan_seconds_saved",
};
static_assert(std::size(kNames) == static_cast<std::size_t>(Counter::kCount), "a counter without a name");

}  // namespace

std::string_view counter_name(Counter counter) { return kNames[static_cast<std::size_t>(counter)]; }

}  // namespace rfs
