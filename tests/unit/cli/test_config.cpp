#include "cli/config.h"

#include "cli/value.h"
#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

namespace {

constexpr const char* kOwners = ".config/runnerfs/config.yml";

FlagValue flag(const char* key, const std::string& text) {
  const Option* option = find_option_by_key(key);
  return {option, {text}, "flag " + flag_of(*option)};
}

Error refused(const ConfigSources& sources) {
  const auto loaded = load_configuration(sources);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == Code::kUsage);
  return loaded.error();
}

}  // namespace

TEST_CASE("flags win over the environment, that over the owner's file, that over the checkout, that over defaults") {
  Scratch scratch;
  scratch.write("work/.git/HEAD", "");
  scratch.write("work/.github/cache-config.yml", "cache:\n  max_size: 11\n");
  ConfigSources sources = scratch.sources();
  const auto size = [&] {
    const auto loaded = load_configuration(sources);
    REQUIRE(loaded);
    return std::pair(loaded->settings.cache_max_size, loaded->settings.origins.at("cache.max_size"));
  };
  CHECK(size() == std::pair<std::uint64_t, std::string>(11, scratch.join("work/.github/cache-config.yml:2")));
  scratch.write(kOwners, "# mine\ncache:\n  max_size: 22\n");
  CHECK(size() == std::pair<std::uint64_t, std::string>(22, scratch.join(kOwners) + ":3"));
  sources.environment["GITHUB_CACHE_SIZE"] = "33";
  CHECK(size() == std::pair<std::uint64_t, std::string>(33, "environment GITHUB_CACHE_SIZE"));
  sources.environment["RUNNERFS_CACHE_MAX_SIZE"] = "44";
  CHECK(size() == std::pair<std::uint64_t, std::string>(44, "environment RUNNERFS_CACHE_MAX_SIZE"));
  sources.flags.push_back(flag("cache.max_size", "55"));
  CHECK(size() == std::pair<std::uint64_t, std::string>(55, "flag --cache-max-size"));
}

TEST_CASE("the names of the reference's environment are honoured") {
  Scratch scratch;
  ConfigSources sources = scratch.sources();
  sources.environment = {{"GITHUB_API_URL", "https://ghe.example/api/v3/"},
                         {"GITHUB_REPOSITORY", "octo/hello"},
                         {"GITHUB_WORKFLOW", "ci"},
                         {"RUNNER_NAME", "r1"},
                         {"CACHE_DIR", "/var/cache/x"},
                         {"CACHE_DEFAULT_TTL", "5m"},
                         {"GITHUB_CACHE_SIZE", "7"},
                         {"ENABLE_P2P_CACHE", "true"},
                         {"CODEQL_CACHE_DIR", "/x"},
                         {"RUNNERFS_NO_SUCH", "1"}};
  const auto loaded = load_configuration(sources);
  REQUIRE(loaded);
  const Settings& settings = loaded->settings;
  CHECK(settings.api_url == "https://ghe.example/api/v3");
  CHECK(settings.repo == "octo/hello");
  CHECK(settings.workflow == "ci");
  CHECK(settings.runner == "r1");
  CHECK(settings.cache_directory == "/var/cache/x");
  CHECK(settings.cache_default_ttl == 300);
  CHECK(settings.cache_max_size == 7);
  std::string notes;
  for (const Note& note : loaded->notes) notes += note.text + "\n";
  CHECK(settings.p2p_enabled);
  CHECK(settings.codeql_directory == "/x");
  CHECK(mentions(notes, "RUNNERFS_NO_SUCH: there is no such option"));
}

TEST_CASE("every option can be set by its variable") {
  for (const Option& option : option_table()) {
    if (std::string_view(option.key) == "config") continue;
    Scratch scratch;
    ConfigSources sources = scratch.sources();
    std::string text = option_text(Settings{}, option);
    if (option.kind == ValueKind::kBool) text = text == "true" ? "false" : "true";
    if (option.kind == ValueKind::kTtls) text = "x=5";
    if (option.kind == ValueKind::kPath) text = "/some/where";
    if (option.kind == ValueKind::kChoice) text = split_list(option.choices, '|')[0];
    const std::string_view key = option.key;
    if (key == "p2p.bootstrap_peers") text = "/dns4/runner1.example/tcp/9000";
    if (key == "p2p.allow" || key == "p2p.block") text = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
    if (text.empty()) text = "a/b";
    sources.environment[variable_of(option)] = text;
    INFO(option.key << "=" << text);
    const auto loaded = load_configuration(sources);
    REQUIRE(loaded);
    CHECK(option_text(loaded->settings, option) == text);
    CHECK(loaded->settings.origins.at(option.key) == "environment " + variable_of(option));
  }
}

TEST_CASE("an unknown key of the owner's file is an error with file and line") {
  Scratch scratch;
  scratch.write(kOwners, "api:\n  max_pages: 7\n  max_pags: 7\n");
  CHECK(mentions(refused(scratch.sources()).message, std::string(kOwners) + ":3: unknown key 'api.max_pags'"));
}

TEST_CASE("wrong types and ranges of the owner's file are errors with file and line") {
  Scratch scratch;
  scratch.write(kOwners, "api:\n  max_pages: seven\n");
  CHECK(mentions(refused(scratch.sources()).message, "config.yml:2: api.max_pages: 'seven' is not a whole number"));
  scratch.write(kOwners, "api:\n  max_pages: 0\n");
  CHECK(mentions(refused(scratch.sources()).message, "between 1 and 100000"));
  scratch.write(kOwners, "api:\n  max_pages: [1, 2]\n");
  CHECK(mentions(refused(scratch.sources()).message, "one value"));
  scratch.write(kOwners, "cache:\n  enabled: [true]\n");
  CHECK(mentions(refused(scratch.sources()).message, "config.yml:2"));
}

TEST_CASE("what names peers is looked at before anything starts") {
  Scratch scratch;
  ConfigSources sources = scratch.sources();
  for (const char* bad : {"nonsense", "/ip4/192.0.2.7", "/ip4/192.0.2.7/tcp/70000", "/ip4/192.0.2.7/udp/9000", "/ip4/192.0.2.7/tcp/0",
                          "/ip4/192.0.2.7/tcp/9000/p2p/QmPeerID..."}) {
    INFO(bad);
    sources.environment = {{"CACHE_BOOTSTRAP_PEERS", std::string("/ip4/192.0.2.7/tcp/9000,") + bad}};
    CHECK(mentions(refused(sources).message, std::string("environment CACHE_BOOTSTRAP_PEERS: p2p.bootstrap_peers: the peer address '") + bad));
  }
  sources.environment = {{"CACHE_BOOTSTRAP_PEERS", "/ip4/runner1.example.com/tcp/9000"}};
  const auto guide = load_configuration(sources);
  REQUIRE(guide);
  REQUIRE(guide->notes.size() == 1);
  CHECK(guide->notes[0].warning);
  CHECK(mentions(guide->notes[0].text, "read as /dns4/runner1.example.com/tcp/9000"));
  sources.environment = {{"RUNNERFS_P2P_ALLOW", "me"}};
  CHECK(mentions(refused(sources).message, "'me' is no peer id"));
  sources.environment = {{"RUNNERFS_P2P_LISTEN", "localhost"}};
  CHECK(mentions(refused(sources).message, "'localhost' is no IP address"));
}

TEST_CASE("a value of the environment or a flag that is wrong names where it stands") {
  Scratch scratch;
  ConfigSources sources = scratch.sources();
  sources.environment["CACHE_DEFAULT_TTL"] = "long";
  CHECK(mentions(refused(sources).message, "environment CACHE_DEFAULT_TTL: "));
  sources.environment.clear();
  sources.flags.push_back(flag("origin.timeout", "soon"));
  CHECK(mentions(refused(sources).message, "flag --origin-timeout: "));
}

TEST_CASE("a file that is named must be there, the default one need not") {
  Scratch scratch;
  CHECK(load_configuration(scratch.sources()));
  ConfigSources sources = scratch.sources();
  sources.environment["RUNNERFS_CONFIG"] = scratch.join("none.yml");
  CHECK(mentions(refused(sources).message, "none.yml"));
  const std::string other = scratch.write("other.yml", "api.max_pages: 1\n");
  sources.environment["RUNNERFS_CONFIG"] = other;
  const auto loaded = load_configuration(sources);
  REQUIRE(loaded);
  CHECK(loaded->settings.api_max_pages == 1);
}

TEST_CASE("XDG_CONFIG_HOME moves the owner's file") {
  Scratch scratch;
  scratch.write("elsewhere/runnerfs/config.yml", "log:\n  level: debug\n");
  ConfigSources sources = scratch.sources();
  sources.environment["XDG_CONFIG_HOME"] = scratch.join("elsewhere");
  const auto loaded = load_configuration(sources);
  REQUIRE(loaded);
  CHECK(loaded->settings.log_level == "debug");
}

TEST_CASE("an API URL is https, http or file, and carries no credential") {
  Scratch scratch;
  ConfigSources sources = scratch.sources();
  for (const char* good : {"https://api.github.com", "http://127.0.0.1:8080", "file:///srv/answers"}) {
    sources.environment["GITHUB_API_URL"] = good;
    CHECK(load_configuration(sources));
  }
  for (const char* bad :
       {"ftp://x", "api.github.com", "file://relative", "https://t0ken@api.github.com", "https://x/?a=b"}) {
    sources.environment["GITHUB_API_URL"] = bad;
    const Error error = refused(sources);
    CHECK_FALSE(mentions(error.message, "t0ken"));
  }
}

TEST_CASE("a repository is owner/name") {
  Scratch scratch;
  ConfigSources sources = scratch.sources();
  for (const char* bad : {"hello", "/hello", "octo/", "a/b/c"}) {
    sources.environment["GITHUB_REPOSITORY"] = bad;
    CHECK(mentions(refused(sources).message, "GITHUB_REPOSITORY"));
  }
}

TEST_CASE("what is printed as the configuration is read back as the same") {
  Scratch scratch;
  ConfigSources sources = scratch.sources();
  sources.environment = {{"RUNNERFS_API_DENY", "/user*,/a b"},
                         {"RUNNERFS_OPERATION_TTLS", "list_repos=5,/repos/{owner}/{repo}=9"},
                         {"RUNNERFS_MAX_OBJECT_SIZE", "5M"},
                         {"RUNNERFS_LOG_LEVEL", "off"}};
  const auto loaded = load_configuration(sources);
  REQUIRE(loaded);
  const std::string text = configuration_text(loaded->settings);
  CHECK(mentions(text, "max_object_size: 5M  # environment RUNNERFS_MAX_OBJECT_SIZE"));
  CHECK(mentions(text, "max_pages: 100  # default"));
  // An empty path is written as such, and is no path to be read back.
  sources.environment.clear();
  std::string config;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    if (!mentions(line, ": \"\"") && !line.starts_with("config:")) config += line + "\n";
    at = end + 1;
  }
  scratch.write(kOwners, config);
  const auto again = load_configuration(sources);
  REQUIRE(again);
  for (const Option& option : option_table())
    if (std::string_view(option.key) != "config")
      CHECK(option_text(again->settings, option) == option_text(loaded->settings, option));
}

TEST_CASE("every key of a file is honoured or answered with the reason") {
  Scratch scratch;
  scratch.write(
      kOwners, "p2p:\n  verify: member\nnetwork:\n  listen:\n    transports: [tcp]\nsecurity:\n  encryption:\n    enabled: false\nmonitoring:\n  log_stats: true\n");
  const auto loaded = load_configuration(scratch.sources());
  REQUIRE(loaded);
  CHECK(loaded->settings.log_stats);
  REQUIRE(loaded->notes.size() == 2);
  CHECK(loaded->settings.p2p_verify == "member");
  CHECK(mentions(loaded->notes[0].text, "config.yml:5: network.listen.transports has no effect: "));
  CHECK(mentions(loaded->notes[1].text, "cannot be switched off"));
}
