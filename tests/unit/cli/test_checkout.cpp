#include "cli/checkout.h"

#include "cli/config_checkout.h"
#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

namespace {

constexpr const char* kCacheFile = "work/.github/cache-config.yml";
constexpr const char* kPeersFile = "work/.github/p2p-config.yml";

// Every key of the reference's two files.
constexpr const char* kCacheKeys = R"(
cache: {enabled: true, max_size: 5000, default_ttl: 300, directory: "~/.cache/github-api-p2p", persistence: true}
p2p: {enabled: true, listen_port: 9000, peer_discovery: true, bootstrap_peers: [], encryption: {enabled: true, token_based: true}}
content_addressing: {enabled: true, validation: {repos: true, workflows: true, runners: true}}
rate_limiting: {warning_threshold: 100, aggressive_threshold: 50, cache_first_mode: true}
monitoring: {enabled: true, log_stats: true, export_metrics: false, metrics_format: json}
operation_ttls: {list_repos: 600, get_repo_info: 300, list_workflows: 300, get_workflow_runs: 120, get_workflow_run: 60,
  list_runners: 300, get_runner_status: 60, copilot_completion: 3600}
ipfs_accelerate_integration: {enabled: true, use_compatible_formats: true, share_with_accelerate: true, accept_from_accelerate: true}
)";
constexpr const char* kPeersKeys = R"(
network: {protocol_version: "1.0.0", network_id: n, listen: {addresses: [0.0.0.0], port_range: {start: 9000, end: 9010}, transports: [tcp]},
  connections: {max_peers: 20, min_peers: 2, timeout: 30, keepalive_interval: 60}}
discovery: {enabled: true, methods: {github_cache_api: true, mdns: true, dht: true, bootstrap: true, circuit_relay: true, autonat: true,
  hole_punching: true}, github: {repository: null, peer_cache_key: p2p-peers, peer_ttl_minutes: 15, discovery_interval: 300,
  max_peers_per_query: 10}, bootstrap_peers: [], mdns: {interval: 5, ttl: 120}, dht: {bucket_size: 20, query_timeout: 60},
  relay: {hop_limit: 3, timeout: 30, relay_addrs: []}, autonat: {enable_server: true, timeout: 30}}
security: {encryption: {enabled: true, algorithm: AES-256-GCM, key_derivation: {use_github_token: true, pbkdf2_iterations: 100000,
  key_size: 256}}, access_control: {verify_repository_access: true, trust_bootstrap: true, peer_allowlist: [], peer_blocklist: []},
  content_verification: {verify_hashes: true, reject_invalid: true, max_content_size: 104857600}}
cache_protocol: {protocol_id: /github-cache/1.0.0, message_types: [cache_entry], broadcast: {enabled: true, strategy: all, peer_count: 5,
  retry_count: 3}, sync: {enabled: true, interval: 600, max_age: 3600}}
performance: {buffers: {read_buffer: 65536, write_buffer: 65536}, compression: {enabled: true, algorithm: gzip, level: 6},
  throttling: {max_messages_per_sec: 100, max_bandwidth_per_peer: 10485760}}
ipfs_accelerate: {enabled: true, accept_accelerate_peers: true, shared_network_id: n, compatible_protocols: [a, b]}
logging: {level: info, log_connections: true, log_cache_ops: true, log_messages: false}
monitoring: {enabled: true, metrics: [peer_count]}
)";

struct Work {
  Scratch scratch;
  ConfigSources sources = scratch.sources();
  Work() { scratch.write("work/.git/HEAD", ""); }
  Configuration load() {
    auto loaded = load_configuration(sources);
    REQUIRE(loaded);
    return *loaded;
  }
};

std::string notes_of(const Configuration& configuration, bool warnings_only = false) {
  std::string out;
  for (const Note& note : configuration.notes)
    if (note.warning || !warnings_only) out += note.text + "\n";
  return out;
}

}  // namespace

TEST_CASE("every key of the reference's files is known, and none of them is a warning") {
  Work work;
  work.scratch.write(kCacheFile, kCacheKeys);
  work.scratch.write(kPeersFile, kPeersKeys);
  const Configuration out = work.load();
  CHECK(notes_of(out, true) == "");
  CHECK(out.settings.cache_max_size == 5000);
  CHECK(out.settings.log_stats);
  CHECK(out.settings.operation_ttls.size() == 8);
  CHECK(mentions(notes_of(out), "network.network_id is ignored: only the owner"));
  CHECK(mentions(notes_of(out), "cache.directory is ignored: only the owner"));
}

TEST_CASE("the owner may copy the reference's files into his own") {
  Work work;
  work.scratch.write(".config/runnerfs/config.yml", kCacheKeys);
  const Configuration out = work.load();
  CHECK(out.settings.cache_max_size == 5000);
  CHECK(out.settings.cache_directory == expand_home("~/.cache/github-api-p2p"));
}

TEST_CASE("a checkout cannot widen trust or move data") {
  Work work;
  work.scratch.write(
      kCacheFile,
      "api:\n  url: https://evil.example\n  allow: ['/user']\n  deny: []\ncache:\n  directory: /tmp/evil\nkey_source: "
      "memory\n"
      "token_file: /etc/passwd\nca_file: /tmp/evil.pem\nsocket: /tmp/evil.sock\nallow_other: true\nfor: nobody\n"
      "log:\n  file: /tmp/evil.log\norigin:\n  timeout: 3000\nrepo: evil/evil\nisolation: user\n");
  const Configuration out = work.load();
  const Settings defaults;
  for (const char* key : {"api.url", "api.allow", "key_source", "token_file", "ca_file", "socket", "allow_other", "for",
                          "log.file", "origin.timeout", "repo", "isolation"}) {
    INFO(key);
    CHECK(option_text(out.settings, *find_option_by_key(key)) == option_text(defaults, *find_option_by_key(key)));
    CHECK(mentions(notes_of(out), std::string(key) + " is ignored: only the owner"));
  }
  CHECK_FALSE(mentions(out.settings.cache_directory, "evil"));
}

TEST_CASE("a checkout may lower times and not raise them") {
  Work work;
  work.scratch.write(kCacheFile,
                     "cache:\n  default_ttl: 60\noperation_ttls:\n  list_repos: 9999\n  get_repo_info: 10\n");
  Configuration out = work.load();
  CHECK(out.settings.cache_default_ttl == 60);
  CHECK(out.settings.operation_ttls == OperationTtls{{"list_repos", 600}, {"get_repo_info", 10}});
  CHECK(mentions(notes_of(out), "operation_ttls.list_repos is bounded to the owner's 600 s"));

  work.scratch.write(kCacheFile, "cache:\n  default_ttl: 6000\napi:\n  stale_limit: 30d\n");
  out = work.load();
  CHECK(out.settings.cache_default_ttl == 300);
  CHECK(out.settings.api_stale_limit == 86400);
}

TEST_CASE("a pattern of a checkout is no way around the owner's time for an operation") {
  Work work;
  work.sources.environment["RUNNERFS_OPERATION_TTLS"] = "list_repos=20";
  work.scratch.write(kCacheFile, "operation_ttls:\n  list_repos: 10\n");
  CHECK(work.load().settings.operation_ttls == OperationTtls{{"list_repos", 20}});
  Settings owner;
  owner.operation_ttls = {{"get_repo_info", 15}};
  CHECK(owners_ttl(owner, "/repos/{owner}/{repo}") == 15);
  CHECK(owners_ttl(owner, "unheard_of") == 300);
}

TEST_CASE("a checkout may switch off and not on") {
  Work work;
  work.scratch.write(kCacheFile, "cache:\n  persistence: false\n");
  CHECK_FALSE(work.load().settings.cache_persistence);
  work.scratch.write(kCacheFile, "cache:\n  persistence: true\n");
  work.sources.environment["RUNNERFS_CACHE_PERSISTENCE"] = "false";
  CHECK_FALSE(work.load().settings.cache_persistence);
}

TEST_CASE("what the owner gave counts, whatever the checkout says") {
  Work work;
  work.sources.environment["GITHUB_CACHE_SIZE"] = "100";
  work.scratch.write(kCacheFile, "cache:\n  max_size: 5\n");
  const Configuration out = work.load();
  CHECK(out.settings.cache_max_size == 100);
  CHECK(mentions(notes_of(out), "cache-config.yml:2: cache.max_size is ignored: the owner's value counts"));
}

TEST_CASE("nothing in a checkout stops the program: what is wrong is a warning with file and line") {
  Work work;
  work.scratch.write(
      kCacheFile,
      "cache:\n  max_size: lots\n  no_such: 1\noperation_ttls:\n  list_repos: never\nlog:\n  level: [a, b]\n");
  work.scratch.write(kPeersFile, "a: &b [*b]\n");
  const std::string warnings = notes_of(work.load(), true);
  CHECK(mentions(warnings, "cache-config.yml:2: cache.max_size: 'lots' is not a whole number"));
  CHECK(mentions(warnings, "cache-config.yml:3: unknown key 'cache.no_such'"));
  CHECK(mentions(warnings, "cache-config.yml:5: operation_ttls.list_repos is no time"));
  CHECK(mentions(warnings, "cache-config.yml:7: log.level"));
  CHECK(mentions(warnings, "p2p-config.yml:1"));
}

TEST_CASE("in an untrusted event the checkout is not read") {
  Work work;
  work.scratch.write(kCacheFile, "cache:\n  max_size: 5\n");
  auto& environment = work.sources.environment;
  const auto unread = [&] {
    const Configuration out = work.load();
    return out.settings.cache_max_size == Settings{}.cache_max_size &&
           mentions(notes_of(out, true), "cache-config.yml: not read: ");
  };
  environment["GITHUB_EVENT_NAME"] = "push";
  CHECK_FALSE(unread());
  environment["GITHUB_ACTOR"] = "dependabot[bot]";
  CHECK(unread());
  environment["GITHUB_ACTOR"] = "octo";
  environment["GITHUB_EVENT_NAME"] = "pull_request";
  CHECK(unread());  // no payload: doubt
  const auto payload = [&](const char* json) {
    environment["GITHUB_EVENT_PATH"] = work.scratch.write("event.json", json);
  };
  payload(
      R"({"repository":{"full_name":"octo/hello"},"pull_request":{"head":{"repo":{"full_name":"mallory/hello"}}}})");
  CHECK(unread());
  payload(R"({"repository":{"full_name":"octo/hello"},"pull_request":{"head":{"repo":null}}})");
  CHECK(unread());
  payload(R"({"repository":{"full_name":"octo/hello"},"pull_request":{"head":{"repo":{"full_name":"octo/hello"}}}})");
  CHECK_FALSE(unread());
  environment["GITHUB_EVENT_NAME"] = "pull_request_target";
  payload(
      R"({"repository":{"full_name":"octo/hello"},"pull_request":{"head":{"repo":{"full_name":"mallory/hello"}}}})");
  CHECK(unread());
  environment["GITHUB_EVENT_NAME"] = "workflow_run";
  payload(
      R"({"repository":{"full_name":"octo/hello"},"workflow_run":{"head_repository":{"full_name":"mallory/hello"}}})");
  CHECK(unread());
}

TEST_CASE("the checkout is the work tree around us, else GITHUB_WORKSPACE") {
  Work work;
  const std::string inner = work.scratch.write("work/a/b/file", "");
  CHECK(checkout_root(inner.substr(0, inner.rfind('/')), {}) == work.scratch.join("work"));
  work.scratch.write("workspace/file", "");
  CHECK(checkout_root("/", {{"GITHUB_WORKSPACE", work.scratch.join("workspace")}}) == work.scratch.join("workspace"));
  CHECK(checkout_root("/", {}).empty());
}

TEST_CASE("the repository is that of the remote origin when nothing else names it") {
  Work work;
  work.scratch.write("work/.git/config",
                     "[remote \"fork\"]\n\turl = https://github.com/x/y\n[remote \"origin\"]\n\turl = "
                     "git@github.com:octo/hello.git\n");
  CHECK(work.load().settings.repo == "octo/hello");
  work.sources.environment["GITHUB_REPOSITORY"] = "octo/other";
  CHECK(work.load().settings.repo == "octo/other");
}

TEST_CASE("a linked work tree names the common directory of its repository") {
  Scratch scratch;
  scratch.write("main/.git/config", "[remote \"origin\"]\n  url=https://ghe.example/octo/hello/\n");
  scratch.write("main/.git/worktrees/w/commondir", "../..\n");
  scratch.write("w/.git", "gitdir: " + scratch.join("main/.git/worktrees/w") + "\n");
  CHECK(repository_of_remote(scratch.join("w")) == "octo/hello");
}

TEST_CASE("the URL of a remote names owner and repository, or nothing") {
  CHECK(repository_of_remote_url("https://github.com/octo/hello.git") == "octo/hello");
  CHECK(repository_of_remote_url("https://user:secret@github.com/octo/hello") == "octo/hello");
  CHECK(repository_of_remote_url("ssh://git@github.com:22/octo/hello.git") == "octo/hello");
  CHECK(repository_of_remote_url("git@github.com:octo/hello") == "octo/hello");
  for (const char* other :
       {"/srv/git/hello.git", "file:///srv/octo/hello", "https://github.com/hello", "https://github.com/a/b/c", ""})
    CHECK(repository_of_remote_url(other).empty());
}
