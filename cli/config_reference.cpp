#include "cli/config_reference.h"

#include <array>

namespace rfs {
namespace {

struct Row {
  std::string_view name;
  const char* reason;
};

constexpr const char* kNoPeers = "this version has no peers";
constexpr const char* kSealed = "encryption cannot be switched off or weakened; this version has no peers";
constexpr const char* kHashed = "content is always hashed and verified";
constexpr const char* kAsked = "validation fields are compared whenever `validate` is asked for";
constexpr const char* kCounted = "counts are always kept; .runnerfs/stats.json and .runnerfs/metrics show them";
constexpr const char* kStore = "the format is fixed: see runnerfs-formats(7)";

constexpr Row kKeys[] = {
    {"p2p.enabled", kNoPeers},
    {"p2p.listen_port", kNoPeers},
    {"p2p.listen", kNoPeers},
    {"p2p.network_id", kNoPeers},
    {"p2p.verify", kNoPeers},
    {"p2p.peer_discovery", kNoPeers},
    {"p2p.bootstrap_peers", kNoPeers},
    {"p2p.encryption.enabled", kSealed},
    {"p2p.encryption.token_based", kNoPeers},
    {"content_addressing.enabled", kHashed},
    {"content_addressing.validation.repos", kAsked},
    {"content_addressing.validation.workflows", kAsked},
    {"content_addressing.validation.runners", kAsked},
    {"monitoring.enabled", kCounted},
    {"monitoring.export_metrics", kCounted},
    {"monitoring.metrics_format", kCounted},
    {"monitoring.metrics", kCounted},
    {"ipfs_accelerate_integration.enabled", kNoPeers},
    {"ipfs_accelerate_integration.use_compatible_formats", kStore},
    {"ipfs_accelerate_integration.share_with_accelerate", kNoPeers},
    {"ipfs_accelerate_integration.accept_from_accelerate", kNoPeers},
    {"network.protocol_version", kNoPeers},
    {"network.network_id", kNoPeers},
    {"network.listen.addresses", kNoPeers},
    {"network.listen.port_range.start", kNoPeers},
    {"network.listen.port_range.end", kNoPeers},
    {"network.listen.transports", kNoPeers},
    {"network.connections.max_peers", kNoPeers},
    {"network.connections.min_peers", kNoPeers},
    {"network.connections.timeout", kNoPeers},
    {"network.connections.keepalive_interval", kNoPeers},
    {"discovery.enabled", kNoPeers},
    {"discovery.methods.github_cache_api", kNoPeers},
    {"discovery.methods.mdns", kNoPeers},
    {"discovery.methods.dht", kNoPeers},
    {"discovery.methods.bootstrap", kNoPeers},
    {"discovery.methods.circuit_relay", kNoPeers},
    {"discovery.methods.autonat", kNoPeers},
    {"discovery.methods.hole_punching", kNoPeers},
    {"discovery.github.repository", kNoPeers},
    {"discovery.github.peer_cache_key", kNoPeers},
    {"discovery.github.peer_ttl_minutes", kNoPeers},
    {"discovery.github.discovery_interval", kNoPeers},
    {"discovery.github.max_peers_per_query", kNoPeers},
    {"discovery.bootstrap_peers", kNoPeers},
    {"discovery.mdns.interval", kNoPeers},
    {"discovery.mdns.ttl", kNoPeers},
    {"discovery.dht.bucket_size", kNoPeers},
    {"discovery.dht.query_timeout", kNoPeers},
    {"discovery.relay.hop_limit", kNoPeers},
    {"discovery.relay.timeout", kNoPeers},
    {"discovery.relay.relay_addrs", kNoPeers},
    {"discovery.autonat.enable_server", kNoPeers},
    {"discovery.autonat.timeout", kNoPeers},
    {"security.encryption.enabled", kSealed},
    {"security.encryption.algorithm", kSealed},
    {"security.encryption.key_derivation.use_github_token", kNoPeers},
    {"security.encryption.key_derivation.pbkdf2_iterations", kSealed},
    {"security.encryption.key_derivation.key_size", kSealed},
    {"security.access_control.verify_repository_access", kNoPeers},
    {"security.access_control.trust_bootstrap", kNoPeers},
    {"security.access_control.peer_allowlist", kNoPeers},
    {"security.access_control.peer_blocklist", kNoPeers},
    {"security.content_verification.verify_hashes", kHashed},
    {"security.content_verification.reject_invalid", kHashed},
    {"security.content_verification.max_content_size", kNoPeers},
    {"cache_protocol.protocol_id", kNoPeers},
    {"cache_protocol.message_types", kNoPeers},
    {"cache_protocol.broadcast.enabled", kNoPeers},
    {"cache_protocol.broadcast.strategy", kNoPeers},
    {"cache_protocol.broadcast.peer_count", kNoPeers},
    {"cache_protocol.broadcast.retry_count", kNoPeers},
    {"cache_protocol.sync.enabled", kNoPeers},
    {"cache_protocol.sync.interval", kNoPeers},
    {"cache_protocol.sync.max_age", kNoPeers},
    {"performance.buffers.read_buffer", kNoPeers},
    {"performance.buffers.write_buffer", kNoPeers},
    {"performance.compression.enabled", kNoPeers},
    {"performance.compression.algorithm", kNoPeers},
    {"performance.compression.level", kNoPeers},
    {"performance.throttling.max_messages_per_sec", kNoPeers},
    {"performance.throttling.max_bandwidth_per_peer", kNoPeers},
    {"ipfs_accelerate.enabled", kNoPeers},
    {"ipfs_accelerate.accept_accelerate_peers", kNoPeers},
    {"ipfs_accelerate.shared_network_id", kNoPeers},
    {"ipfs_accelerate.compatible_protocols", kNoPeers},
    {"logging.log_connections", kNoPeers},
    {"logging.log_cache_ops", "log.level debug logs each operation"},
    {"logging.log_messages", kNoPeers},
};

constexpr const char* kNoScans = "this version keeps no scan results";

constexpr Row kVariables[] = {
    {"ENABLE_P2P_CACHE", kNoPeers},        {"CACHE_ENABLE_P2P", kNoPeers},      {"P2P_LISTEN_PORT", kNoPeers},
    {"CACHE_LISTEN_PORT", kNoPeers},       {"ENABLE_PEER_DISCOVERY", kNoPeers}, {"CACHE_BOOTSTRAP_PEERS", kNoPeers},
    {"CACHE_P2P_SHARED_SECRET", kNoPeers}, {"CODEQL_CACHE_DIR", kNoScans},
};

template <std::size_t N>
const char* find(const Row (&rows)[N], std::string_view name) {
  for (const Row& row : rows)
    if (row.name == name) return row.reason;
  return nullptr;
}

}  // namespace

const char* without_effect(std::string_view key) { return find(kKeys, key); }
const char* without_effect_variable(std::string_view name) { return find(kVariables, name); }

}  // namespace rfs
