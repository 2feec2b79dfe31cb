#include "cli/option_table.h"

namespace rfs {
namespace {

using S = Settings;
using K = ValueKind;
using C = Checkout;
constexpr double kMost = 9e15;
constexpr double kYear = 366.0 * 86400;

constexpr Option kOptions[] = {
    // key, member, kind, checkout, least, most, choices, reference environment, reference keys, argument, help
    {"config", &S::config, K::kPath, C::kNever, 0, 0, "", "", "", "FILE",
     "the owner's configuration file (~/.config/runnerfs/config.yml)"},
    {"repo", &S::repo, K::kText, C::kNever, 0, 0, "", "GITHUB_REPOSITORY", "", "OWNER/REPO",
     "the repository of this job: {owner} and {repo}, and whose credentials secrets/ shows"},
    {"workflow", &S::workflow, K::kText, C::kNever, 0, 0, "", "GITHUB_WORKFLOW", "", "FILE",
     "the workflow of this job: whose credentials secrets/ shows"},
    {"runner", &S::runner, K::kText, C::kNever, 0, 0, "", "RUNNER_NAME", "", "ID",
     "the id of this runner: whose credentials secrets/ shows"},
    {"token_file", &S::token_file, K::kPath, C::kNever, 0, 0, "", "", "", "FILE",
     "read the token from FILE, and again when FILE changes"},
    {"ca_file", &S::ca_file, K::kPath, C::kNever, 0, 0, "", "", "", "FILE", "trust the certificates in FILE"},
    {"api.url", &S::api_url, K::kText, C::kNever, 0, 0, "", "GITHUB_API_URL", "", "URL",
     "GitHub's REST API: https, or http and file://DIR when named explicitly"},
    {"api.allow", &S::api_allow, K::kList, C::kNever, 0, 0, "", "", "", "PATTERN",
     "REST paths that may be read; none: all"},
    {"api.deny", &S::api_deny, K::kList, C::kNever, 0, 0, "", "", "", "PATTERN", "REST paths that may not be read"},
    {"api.max_pages", &S::api_max_pages, K::kCount, C::kTune, 1, 100000, "", "", "", "N",
     "pages that a .jsonl follows at most"},
    {"api.etag_proof", &S::api_etag_proof, K::kBool, C::kOffOnly, 0, 0, "", "", "", "",
     "prove an answer for another token by its recomputed ETag"},
    {"api.gh_token", &S::api_gh_token, K::kBool, C::kOffOnly, 0, 0, "", "", "", "",
     "ask `gh auth token` when nothing else gives a token"},
    {"api.stale_limit", &S::api_stale_limit, K::kDuration, C::kTtl, 0, kYear, "", "", "", "TIME",
     "how long after its time an answer is served when GitHub cannot be asked"},
    {"max_object_size", &S::max_object_size, K::kSize, C::kTune, 1024, 64.0 * (1u << 30), "", "", "", "SIZE",
     "larger answers are refused (EFBIG)"},
    {"origin.timeout", &S::origin_timeout, K::kDuration, C::kNever, 0.05, 3600, "", "", "", "TIME",
     "how long a read waits for GitHub, retries included"},
    {"origin.connections", &S::origin_connections, K::kCount, C::kNever, 1, 64, "", "", "", "N",
     "connections to GitHub at most"},
    {"origin.in_flight", &S::origin_in_flight, K::kCount, C::kNever, 1, 100, "", "", "", "N",
     "requests to GitHub under way at most"},
    {"cache.enabled", &S::cache_enabled, K::kBool, C::kOffOnly, 0, 0, "", "", "", "",
     "keep answers; off: each open asks GitHub"},
    {"cache.persistence", &S::cache_persistence, K::kBool, C::kOffOnly, 0, 0, "", "", "", "", "keep answers on disk"},
    {"cache.directory", &S::cache_directory, K::kPath, C::kNever, 0, 0, "", "CACHE_DIR", "", "DIR",
     "where answers are kept"},
    {"cache.max_size", &S::cache_max_size, K::kCount, C::kTune, 1, 1e9, "", "GITHUB_CACHE_SIZE", "", "N",
     "entries kept at most"},
    {"cache.max_bytes", &S::cache_max_bytes, K::kSize, C::kTune, 1u << 20, kMost, "", "", "", "SIZE",
     "bytes kept on disk at most"},
    {"cache.default_ttl", &S::cache_default_ttl, K::kDuration, C::kTtl, 0, kYear, "", "CACHE_DEFAULT_TTL", "", "TIME",
     "how long an entry of cache/ lives unless its operation says otherwise"},
    {"operation_ttls", &S::operation_ttls, K::kTtls, C::kTtl, 0, kYear, "", "", "", "NAME=TIME",
     "how long the answers of an operation, or of a route pattern, are fresh"},
    {"memory.max_bytes", &S::memory_max_bytes, K::kSize, C::kTune, 0, kMost, "", "", "", "SIZE",
     "bytes kept in memory at most"},
    {"memory.max_entries", &S::memory_max_entries, K::kCount, C::kTune, 0, 1e8, "", "", "", "N",
     "entries kept in memory at most"},
    {"snapshot.interval", &S::snapshot_interval, K::kDuration, C::kTune, 0, kYear, "", "", "", "TIME",
     "how often `snapshot save` saves a branch to the Actions cache"},
    {"rate_limiting.warning_threshold", &S::rate_limiting_warning_threshold, K::kCount, C::kTune, 0, 1e6, "", "", "",
     "N", "remaining calls at which the log warns"},
    {"rate_limiting.aggressive_threshold", &S::rate_limiting_aggressive_threshold, K::kCount, C::kTune, 0, 1e6, "", "",
     "", "N", "remaining calls at which copies are served without asking"},
    {"rate_limiting.cache_first_mode", &S::rate_limiting_cache_first_mode, K::kBool, C::kOffOnly, 0, 0, "", "", "", "",
     "serve copies below that threshold"},
    {"key_source", &S::key_source, K::kChoice, C::kNever, 0, 0, "keyring|systemd|file|memory", "", "", "KIND",
     "where the root key of the stores comes from: keyring, systemd, file, memory"},
    {"isolation", &S::isolation, K::kChoice, C::kNever, 0, 0, "auto|job|user", "", "", "KIND",
     "job: keep everything in memory; user: on disk; auto: job on a runner of GitHub's"},
    {"credentials.directory", &S::credentials_directory, K::kPath, C::kNever, 0, 0, "", "CREDENTIALS_DIR", "", "DIR",
     "where credentials and their audit log are kept"},
    {"audit.sync", &S::audit_sync, K::kChoice, C::kNever, 0, 0, "grouped|always", "", "", "KIND",
     "when the audit line of a granted read is on disk: grouped (within 1 s) or always (before the answer)"},
    {"audit.owner", &S::audit_owner, K::kText, C::kNever, 0, 0, "", "", "", "KEY",
     "who gets the key of an audit log that is made: a public key of `runnerfs audit keygen`"},
    {"require_mlock", &S::require_mlock, K::kBool, C::kNever, 0, 0, "", "", "", "",
     "no secrets/ unless its memory can be locked"},
    {"codeql.directory", &S::codeql_directory, K::kPath, C::kNever, 0, 0, "", "CODEQL_CACHE_DIR", "", "DIR",
     "where results of scans are kept"},
    {"codeql.max_bytes", &S::codeql_max_bytes, K::kSize, C::kTune, 1u << 20, kMost, "", "", "", "SIZE",
     "bytes of results of scans kept on disk at most"},
    {"codeql.writers", &S::codeql_writers, K::kList, C::kNever, 0, 0, "", "", "", "KEY",
     "public keys of `runnerfs codeql keygen`: results that they signed are relied on, whatever way they came"},
    {"codeql.cache_ttl", &S::codeql_cache_ttl, K::kDuration, C::kTtl, 0, kYear, "", "CODEQL_CACHE_TTL", "", "TIME",
     "how long the result of a scan lasts while an input of it may move: a tag, an unknown version"},
    {"p2p.enabled", &S::p2p_enabled, K::kBool, C::kOffOnly, 0, 0, "", "ENABLE_P2P_CACHE CACHE_ENABLE_P2P", "", "",
     "share answers with other runners that hold the same secret"},
    {"p2p.listen_port", &S::p2p_listen_port, K::kCount, C::kNever, 0, 65535, "", "P2P_LISTEN_PORT CACHE_LISTEN_PORT", "",
     "PORT", "the port that is tried first; 0: any"},
    {"p2p.port_first", &S::p2p_port_first, K::kCount, C::kNever, 1, 65535, "", "", "network.listen.port_range.start", "PORT",
     "the first of the ports that are tried next"},
    {"p2p.port_last", &S::p2p_port_last, K::kCount, C::kNever, 1, 65535, "", "", "network.listen.port_range.end", "PORT",
     "the last of them"},
    {"p2p.listen", &S::p2p_listen, K::kList, C::kNever, 0, 0, "", "", "network.listen.addresses", "ADDRESS",
     "addresses of this machine to listen on"},
    {"p2p.network_id", &S::p2p_network_id, K::kText, C::kNever, 0, 0, "", "", "network.network_id", "NAME",
     "the name of the network: one secret and one name are one network"},
    {"p2p.secret_file", &S::p2p_secret_file, K::kPath, C::kNever, 0, 0, "", "", "", "FILE",
     "read the fleet's secret from FILE; a second line is the one before a rotation"},
    {"p2p.verify", &S::p2p_verify, K::kChoice, C::kNever, 0, 0, "etag|member", "", "", "KIND",
     "what a peer's answer is worth: etag (GitHub confirms it) or member (its word counts for its time)"},
    {"p2p.deadline", &S::p2p_deadline, K::kDuration, C::kNever, 0.001, 10, "", "", "", "TIME",
     "how long a read waits for peers"},
    {"p2p.peer_discovery", &S::p2p_peer_discovery, K::kBool, C::kOffOnly, 0, 0, "", "ENABLE_PEER_DISCOVERY",
     "discovery.enabled", "", "learn of peers from peers"},
    {"p2p.beacons", &S::p2p_beacons, K::kBool, C::kOffOnly, 0, 0, "", "", "discovery.methods.github_cache_api", "",
     "find peers through the Actions cache of the repository, where the job has one"},
    {"p2p.registry", &S::p2p_registry, K::kBool, C::kOffOnly, 0, 0, "", "", "", "",
     "find peers through an issue of the repository, as the Python implementation does: publishes addresses"},
    {"p2p.registry_repository", &S::p2p_registry_repository, K::kText, C::kNever, 0, 0, "", "IPFS_ACCELERATE_GITHUB_REPO",
     "discovery.github.repository", "OWNER/NAME", "the repository of that issue; none: the mount's"},
    {"p2p.registry_title", &S::p2p_registry_title, K::kText, C::kNever, 0, 0, "", "", "discovery.github.peer_cache_key", "TITLE",
     "the title of that issue"},
    {"p2p.registry_ttl_minutes", &S::p2p_registry_ttl_minutes, K::kCount, C::kNever, 1, 1440, "", "",
     "discovery.github.peer_ttl_minutes", "N", "minutes after which an entry of the registry is of no use"},
    {"p2p.registry_interval", &S::p2p_registry_interval, K::kDuration, C::kNever, 30, 3600, "", "",
     "discovery.github.discovery_interval", "TIME", "how often the registry is read and the own entry renewed"},
    {"p2p.registry_max_peers", &S::p2p_registry_max_peers, K::kCount, C::kNever, 0, 1000, "", "",
     "discovery.github.max_peers_per_query", "N", "peers that are taken from the registry at a time"},
    {"p2p.bootstrap_peers", &S::p2p_bootstrap_peers, K::kList, C::kNever, 0, 0, "", "CACHE_BOOTSTRAP_PEERS",
     "discovery.bootstrap_peers", "MULTIADDR", "peers to be connected to"},
    {"p2p.allow", &S::p2p_allow, K::kList, C::kNever, 0, 0, "", "", "security.access_control.peer_allowlist", "PEER-ID",
     "peers that may connect; none: all who know the secret"},
    {"p2p.block", &S::p2p_block, K::kList, C::kNever, 0, 0, "", "", "security.access_control.peer_blocklist", "PEER-ID",
     "peers that may not connect"},
    {"p2p.max_peers", &S::p2p_max_peers, K::kCount, C::kTune, 0, 1000, "", "", "network.connections.max_peers", "N",
     "connections beyond which no more peers are looked for"},
    {"p2p.compat", &S::p2p_compat, K::kBool, C::kOffOnly, 0, 0, "", "", "ipfs_accelerate.accept_accelerate_peers", "",
     "exchange entries of cache/ as the Python implementation does"},
    {"p2p.ephemeral", &S::p2p_ephemeral, K::kBool, C::kNever, 0, 0, "", "", "", "", "take a new peer id at each start"},
    {"socket", &S::socket, K::kPath, C::kNever, 0, 0, "", "", "", "PATH", "the daemon's Unix socket"},
    {"source", &S::source, K::kText, C::kNever, 0, 0, "", "", "", "NAME", "the source that mount(8) shows"},
    {"for", &S::served_user, K::kText, C::kNever, 0, 0, "", "", "", "USER",
     "serve USER, by name or number (root only)"},
    {"allow_other", &S::allow_other, K::kBool, C::kNever, 0, 0, "", "", "", "", "let other users read"},
    {"ro", &S::read_only, K::kBool, C::kNever, 0, 0, "", "", "", "", "refuse writes, also below cache/"},
    {"nonempty", &S::nonempty, K::kBool, C::kNever, 0, 0, "", "", "", "", "mount over a directory that is not empty"},
    {"log.level", &S::log_level, K::kChoice, C::kTune, 0, 0, "debug|info|warning|error|off", "", "logging.level",
     "LEVEL", "debug, info, warning, error or off"},
    {"log.file", &S::log_file, K::kPath, C::kNever, 0, 0, "", "", "", "FILE", "append the log to FILE"},
    {"log.stats", &S::log_stats, K::kBool, C::kTune, 0, 0, "", "", "monitoring.log_stats", "",
     "log a line of counts each minute"},
};

std::string with(std::string_view key, char separator, bool upper) {
  std::string out(key);
  for (char& c : out) {
    if (c == '.' || c == '_' || c == '-') c = separator;
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }
std::string flag_of(const Option& option) { return "--" + with(option.key, '-', false); }
std::string mount_name_of(const Option& option) { return with(option.key, '_', false); }
std::string variable_of(const Option& option) { return "RUNNERFS_" + with(option.key, '_', true); }

const Option* find_option(std::string_view name) {
  const std::string flat = with(name, '_', false);
  for (const Option& option : kOptions)
    if (mount_name_of(option) == flat) return &option;
  return nullptr;
}

const Option* find_option_by_key(std::string_view key) {
  for (const Option& option : kOptions)
    if (key == option.key || (*option.reference_key != '\0' && key == option.reference_key)) return &option;
  return nullptr;
}

}  // namespace rfs
