#include "cli/network_secret.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/fleet_key.h"

namespace rfs {
namespace {

constexpr std::size_t kGuessable = 32;  // characters below which a text made by a person can be guessed
constexpr const char* kMakeOne = "make one with `runnerfs keygen`, and give it to each runner as CACHE_P2P_SHARED_SECRET";

// A file in locked memory, but for the buffer that it is read with.
Result<SecretBytes> read_secret_file(const std::string& path) {
  TRY_ASSIGN(std::string text, read_file(path, 64 * 1024));
  SecretBytes out = SecretBytes::copy_of(std::string_view(text));
  ::explicit_bzero(text.data(), text.size());
  return out;
}

// A file that a configuration file names: flags and the environment come before it, as for every setting.
bool named_by_file(const Settings& settings) {
  const auto origin = settings.origins.find("p2p.secret_file");
  return origin != settings.origins.end() && origin->second.starts_with('/');
}

}  // namespace

bool network_secret_given(const Settings& settings, const EnvironmentToken& environment) {
  return !settings.p2p_secret_file.empty() || !environment.network.empty();
}

Result<NetworkSecret> given_network_secret(const Settings& settings, const EnvironmentToken& environment) {
  const bool file = !settings.p2p_secret_file.empty(), text = !environment.network.empty();
  if (file && (!text || !named_by_file(settings))) return network_secret_of_file(settings.p2p_secret_file);
  if (text) return network_secret_of(environment.network.reveal_text(), environment.network_name);
  return fail(Code::kNoKey, "there is no secret that runners could share", kMakeOne);
}

Result<NetworkSecret> network_secret_of(std::string_view text, std::string_view origin) {
  NetworkSecret out;
  out.origin = origin;
  out.secret.text = SecretBytes::copy_of(text);
  if (trimmed(text).starts_with("rfs1-")) {
    auto key = parse_fleet_key(text);
    if (!key) return fail(Code::kInvalid, fmt::format("{}: {}", origin, key.error().message), key.error().hint);
    out.secret.network = std::move(*key);
    return out;
  }
  out.secret.network = SecretBytes::copy_of(trimmed(text));
  if (out.secret.network.size() < kGuessable)
    out.weakness = fmt::format("the fleet's secret ({}) is shorter than {} characters and may be guessed", origin, kGuessable);
  return out;
}

Result<NetworkSecret> network_secret_of_file(const std::string& path) {
  auto content = read_secret_file(path);
  if (!content)
    return fail(Code::kNoKey, fmt::format("the fleet's secret in {} cannot be read: {}", path, content.error().message), kMakeOne);
  std::string_view lines = content->reveal_text();
  const std::string_view first = trimmed(lines.substr(0, lines.find('\n')));
  lines.remove_prefix(std::min(lines.find('\n'), lines.size()));
  const std::string_view second = trimmed(lines);
  if (first.empty()) return fail(Code::kNoKey, fmt::format("{} holds no secret", path), kMakeOne);
  TRY_ASSIGN(NetworkSecret out, network_secret_of(first, "p2p.secret_file"));
  if (second.empty()) return out;
  TRY_ASSIGN(NetworkSecret before, network_secret_of(second, "p2p.secret_file, second line"));
  out.secret.previous = std::move(before.secret.network);
  return out;
}

Result<NetworkSecret> network_secret_of_token(const Identity& identity) {
  const bool lives_long = identity.kind == "ghp" || identity.kind == "github_pat" || identity.kind == "gho";
  if (identity.kind == "ghs")
    return fail(Code::kNoKey, "a job's own GITHUB_TOKEN is another one in each job and cannot be the peers' secret", kMakeOne);
  if (!lives_long) return fail(Code::kNoKey, "there is no secret that runners could share", kMakeOne);
  NetworkSecret out;
  out.secret.network = identity.token.clone();
  out.secret.text = identity.token.clone();
  out.origin = identity.origin;
  out.weakness = fmt::format("the secret of the peers is the token of {}: whoever has one has the other", identity.origin);
  return out;
}

}  // namespace rfs
