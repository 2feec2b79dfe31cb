#include "cli/config_reference.h"

#include <array>

namespace rfs {
namespace {

struct Row {
  std::string_view name;
  const char* reason;
};

constexpr const char* kSealed = "encryption cannot be switched off or weakened";
constexpr const char* kNotSpoken = "this node speaks TCP, Noise and yamux, without relays, hole punching or a DHT";
constexpr const char* kSecret = "the network's secret is CACHE_P2P_SHARED_SECRET, p2p.secret_file, else a long-lived token";
constexpr const char* kProven = "a peer is kept when it proves that it knows the network's secret, and only then";
constexpr const char* kFixed = "limits of peers are fixed: see runnerfs-p2p(7)";
constexpr const char* kAlways = "entries of cache/ go to every peer at once, and lately put ones to those who come";
constexpr const char* kOneId = "a node is in one network: p2p.network_id names it";
constexpr const char* kPeerLog = "log.level info logs peers that come and go, debug all else";
constexpr const char* kHashed = "content is always hashed and verified";
constexpr const char* kAsked = "validation fields are compared whenever `validate` is asked for";
constexpr const char* kCounted = "counts are always kept; .runnerfs/stats.json and .runnerfs/metrics show them";
constexpr const char* kStore = "the format is fixed: see runnerfs-formats(7)";

constexpr Row kKeys[] = {
    {"p2p.encryption.enabled", kSealed},
    {"p2p.encryption.token_based", kSecret},
    {"content_addressing.enabled", kHashed},
    {"content_addressing.validation.repos", kAsked},
    {"content_addressing.validation.workflows", kAsked},
    {"content_addressing.validation.runners", kAsked},
    {"monitoring.enabled", kCounted},
    {"monitoring.export_metrics", kCounted},
    {"monitoring.metrics_format", kCounted},
    {"monitoring.metrics", kCounted},
    {"ipfs_accelerate_integration.enabled", kAlways},
    {"ipfs_accelerate_integration.use_compatible_formats", kStore},
    {"ipfs_accelerate_integration.share_with_accelerate", kAlways},
    {"ipfs_accelerate_integration.accept_from_accelerate", kAlways},
    {"network.protocol_version", "only 1.0.0 is spoken"},
    {"network.listen.transports", kNotSpoken},
    {"network.connections.min_peers", kFixed},
    {"network.connections.timeout", kFixed},
    {"network.connections.keepalive_interval", kFixed},
    {"discovery.methods.mdns", kNotSpoken},
    {"discovery.methods.dht", kNotSpoken},
    {"discovery.methods.bootstrap", "named peers are always dialled: p2p.bootstrap_peers"},
    {"discovery.methods.circuit_relay", kNotSpoken},
    {"discovery.methods.autonat", kNotSpoken},
    {"discovery.methods.hole_punching", kNotSpoken},
    {"discovery.mdns.interval", kNotSpoken},
    {"discovery.mdns.ttl", kNotSpoken},
    {"discovery.dht.bucket_size", kNotSpoken},
    {"discovery.dht.query_timeout", kNotSpoken},
    {"discovery.relay.hop_limit", kNotSpoken},
    {"discovery.relay.timeout", kNotSpoken},
    {"discovery.relay.relay_addrs", kNotSpoken},
    {"discovery.autonat.enable_server", kNotSpoken},
    {"discovery.autonat.timeout", kNotSpoken},
    {"security.encryption.enabled", kSealed},
    {"security.encryption.algorithm", kSealed},
    {"security.encryption.key_derivation.use_github_token", kSecret},
    {"security.encryption.key_derivation.pbkdf2_iterations", kSealed},
    {"security.encryption.key_derivation.key_size", kSealed},
    {"security.access_control.verify_repository_access", kProven},
    {"security.access_control.trust_bootstrap", kProven},
    {"security.content_verification.verify_hashes", kHashed},
    {"security.content_verification.reject_invalid", kHashed},
    {"security.content_verification.max_content_size", "max_object_size bounds an answer, and 16 MiB an entry of cache/ on its way"},
    {"cache_protocol.protocol_id", "/github-cache/1.0.0 is spoken, and /runnerfs/cache/1.0.0"},
    {"cache_protocol.message_types", kFixed},
    {"cache_protocol.broadcast.enabled", kAlways},
    {"cache_protocol.broadcast.strategy", kAlways},
    {"cache_protocol.broadcast.peer_count", kAlways},
    {"cache_protocol.broadcast.retry_count", kFixed},
    {"cache_protocol.sync.enabled", kAlways},
    {"cache_protocol.sync.interval", kAlways},
    {"cache_protocol.sync.max_age", kFixed},
    {"performance.buffers.read_buffer", kFixed},
    {"performance.buffers.write_buffer", kFixed},
    {"performance.compression.enabled", kFixed},
    {"performance.compression.algorithm", kFixed},
    {"performance.compression.level", kFixed},
    {"performance.throttling.max_messages_per_sec", kFixed},
    {"performance.throttling.max_bandwidth_per_peer", kFixed},
    {"ipfs_accelerate.enabled", "p2p.compat decides"},
    {"ipfs_accelerate.shared_network_id", kOneId},
    {"ipfs_accelerate.compatible_protocols", kFixed},
    {"logging.log_connections", kPeerLog},
    {"logging.log_cache_ops", "log.level debug logs each operation"},
    {"logging.log_messages", kPeerLog},
};

template <std::size_t N>
const char* find(const Row (&rows)[N], std::string_view name) {
  for (const Row& row : rows)
    if (row.name == name) return row.reason;
  return nullptr;
}

}  // namespace

const char* without_effect(std::string_view key) { return find(kKeys, key); }

}  // namespace rfs
