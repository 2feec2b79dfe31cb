// Settings: every option of the program, with its default. A plain struct that config.cpp fills once; components get
// what they need copied into their own options (daemon.cpp). Where each value came from is kept beside it.
// Names, flags, environment and help of the options: option_table.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rfs {

using OperationTtls = std::vector<std::pair<std::string, int>>;  // operation or route pattern → seconds

struct Settings {
  // Who asks: fixed when mounting, never taken from a reading process.
  std::string repo;      // owner/name
  std::string workflow;  // workflow file or name
  std::string runner;    // runner id

  // GitHub.
  std::string api_url = "https://api.github.com";
  std::vector<std::string> api_allow;  // patterns over REST paths; empty: all
  std::vector<std::string> api_deny;
  std::uint64_t api_max_pages = 100;   // of a .jsonl
  bool api_etag_proof = true;          // prove an entry for another token by its recomputed ETag
  bool api_gh_token = true;            // ask `gh auth token` when nothing else gives a token
  double api_stale_limit = 24 * 3600;  // seconds that an answer is served after its time, when GitHub cannot be asked
  std::uint64_t max_object_size = 100u << 20;
  double origin_timeout = 30;  // seconds that a read waits for GitHub, retries included
  std::uint64_t origin_connections = 8;
  std::uint64_t origin_in_flight = 64;
  std::string token_file;
  std::string ca_file;

  // What is kept.
  bool cache_enabled = true;      // false: everything is asked for each time, nothing is kept on disk
  bool cache_persistence = true;  // false: nothing is kept on disk
  std::string cache_directory = "~/.cache/github-api-p2p";
  std::uint64_t cache_max_size = 1'000'000;  // entries
  std::uint64_t cache_max_bytes = 2ull << 30;
  double cache_default_ttl = 300;  // seconds
  OperationTtls operation_ttls;    // over the built-in table
  std::uint64_t memory_max_bytes = 64u << 20;
  std::uint64_t memory_max_entries = 5000;

  // What is kept beyond this machine.
  double snapshot_interval = 3600;  // seconds between snapshots of a branch in the Actions cache

  // Limits of GitHub.
  std::uint64_t rate_limiting_warning_threshold = 100;    // remaining calls at which the log warns
  std::uint64_t rate_limiting_aggressive_threshold = 50;  // remaining calls at which copies are served, even stale ones
  bool rate_limiting_cache_first_mode = true;             // false: never prefer a stale copy while calls remain

  // Keys.
  std::string key_source;          // keyring | systemd | file | memory; "": decided at the first mount
  std::string isolation = "auto";  // auto | job | user

  // Credentials.
  std::string credentials_directory = "~/.credentials";
  std::string audit_sync = "grouped";  // grouped: granted reads reach the disk within a second; always: before the answer
  std::string audit_owner;  // base64 of an X25519 public key
  bool require_mlock = false;          // no secrets/ unless its memory can be locked

  // Results of scans.
  std::string codeql_directory = "~/.cache/codeql";
  std::uint64_t codeql_max_bytes = 4ull << 30;
  std::vector<std::string> codeql_writers;  // base64 of Ed25519 public keys, whose word about results is believed
  double codeql_cache_ttl = 24 * 3600;  // seconds that a result lasts while an input of its scan may move

  // Peers.
  bool p2p_enabled = true;
  std::uint64_t p2p_listen_port = 9000;  // tried first; 0: any
  std::uint64_t p2p_port_first = 9000, p2p_port_last = 9010;  // tried next
  std::vector<std::string> p2p_listen{"0.0.0.0", "::"};
  std::string p2p_network_id = "ipfs-datasets-py-cache";
  std::string p2p_secret_file;  // holds the network's secret; a second line: the one before
  std::string p2p_verify = "etag";
  double p2p_deadline = 0.05;      // seconds that a read waits for peers
  bool p2p_peer_discovery = true;  // learn of peers from peers
  bool p2p_beacons = true;         // learn of peers from the Actions cache, and be learnt of
  bool p2p_registry = false;       // learn of peers from an issue that everybody reads, and be learnt of
  std::string p2p_registry_repository;  // "": the mount's
  std::string p2p_registry_title = "p2p-peer-registry";
  std::uint64_t p2p_registry_ttl_minutes = 30;
  double p2p_registry_interval = 300;  // seconds
  std::uint64_t p2p_registry_max_peers = 10;
  std::vector<std::string> p2p_bootstrap_peers;
  std::vector<std::string> p2p_allow, p2p_block;  // peer ids
  std::uint64_t p2p_max_peers = 20;
  bool p2p_compat = true;      // speak /github-cache/1.0.0
  bool p2p_ephemeral = false;  // a new peer id at each start

  // The fronts.
  std::string socket;               // "": by the mountpoint (places.h)
  std::string source = "runnerfs";  // shown by mount(8)
  std::string served_user;          // "": whoever mounts
  bool allow_other = false;
  bool read_only = false;
  bool nonempty = false;

  // The log.
  std::string log_level = "info";
  std::string log_file;    // "": stderr in the foreground, syslog in the background
  bool log_stats = false;  // one line of counts a minute

  std::string config;  // the owner's file; "": ~/.config/runnerfs/config.yml

  // Key of the option → "default", "/path:12", "environment GITHUB_API_URL", "flag --api-url", "-o api_url".
  std::map<std::string, std::string> origins;
};

}  // namespace rfs
