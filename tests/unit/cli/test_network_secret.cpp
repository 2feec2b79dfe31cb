#include "cli/network_secret.h"

#include "cli/config.h"
#include "scratch.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

constexpr std::string_view kText = "what the environment gives, long enough", kFile = "what stands in a file, long enough";

EnvironmentToken environment_with(std::string_view text) {
  EnvironmentToken out;
  out.network = SecretBytes::copy_of(text);
  out.network_name = "CACHE_P2P_SHARED_SECRET";
  return out;
}

Settings settings_of(const ConfigSources& sources) {
  const auto loaded = load_configuration(sources);
  REQUIRE(loaded);
  return loaded->settings;
}

std::string_view network_of(const Result<NetworkSecret>& secret) {
  REQUIRE(secret);
  return secret->secret.network.reveal_text();
}

}  // namespace

TEST_CASE("a secret comes from a flag, the environment, a file of the owner's configuration, in this order") {
  const Scratch scratch;
  const std::string path = scratch.write("secret", std::string(kFile) + "\n");
  ConfigSources sources = scratch.sources();
  const EnvironmentToken text = environment_with(kText), nothing;

  CHECK_FALSE(network_secret_given(settings_of(sources), nothing));
  CHECK(given_network_secret(settings_of(sources), nothing).error().code == Code::kNoKey);
  CHECK(network_of(given_network_secret(settings_of(sources), text)) == kText);

  scratch.write(".config/runnerfs/config.yml", "p2p: {secret_file: " + path + "}\n");
  const Settings named = settings_of(sources);
  CHECK(network_secret_given(named, nothing));
  CHECK(network_of(given_network_secret(named, nothing)) == kFile);
  CHECK(network_of(given_network_secret(named, text)) == kText);

  const std::string other = scratch.write("other", "another file's secret, long enough too\n");
  sources.environment["RUNNERFS_P2P_SECRET_FILE"] = other;
  CHECK(network_of(given_network_secret(settings_of(sources), text)) == "another file's secret, long enough too");
  sources.flags.push_back({find_option("p2p.secret_file"), {path}, "--p2p-secret-file"});
  CHECK(network_of(given_network_secret(settings_of(sources), text)) == kFile);
}

TEST_CASE("a file of the checkout names no secret") {
  const Scratch scratch;
  const std::string path = scratch.write("secret", std::string(kFile) + "\n");
  ConfigSources sources = scratch.sources();
  scratch.write("work/.git/HEAD", "ref: refs/heads/main\n");
  scratch.write("work/.github/cache-config.yml", "p2p: {secret_file: " + path + "}\n");
  CHECK_FALSE(network_secret_given(settings_of(sources), {}));
}

TEST_CASE("a file that cannot be had is an error, not a reason to go on without it") {
  const Scratch scratch;
  ConfigSources sources = scratch.sources();
  sources.flags.push_back({find_option("p2p.secret_file"), {scratch.join("none")}, "--p2p-secret-file"});
  const auto secret = given_network_secret(settings_of(sources), environment_with(kText));
  REQUIRE_FALSE(secret);
  CHECK(secret.error().code == Code::kNoKey);
  CHECK(mentions(secret.error().message, scratch.join("none")));
}

TEST_CASE("a second line is the secret before a rotation, and short ones are weak") {
  const Scratch scratch;
  const auto both = network_secret_of_file(scratch.write("both", "the new secret\nthe old secret, which was longer than it\n"));
  REQUIRE(both);
  CHECK(both->secret.network.reveal_text() == "the new secret");
  REQUIRE(both->secret.previous);
  CHECK(both->secret.previous->reveal_text() == "the old secret, which was longer than it");
  CHECK(mentions(both->weakness, "may be guessed"));
}
