#include "cli/secrets_env.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cli/value.h"

namespace rfs {
namespace {

// Names that hold directories, files or ids, whatever they are called.
constexpr std::array<std::string_view, 9> kHarmless{
    "CREDENTIALS_DIRECTORY", "CREDENTIALS_DIR", "RUNNER_TRACKING_ID",    "RUNNERFS_TOKEN_FILE",
    "RUNNERFS_KEY_SOURCE",   "SSH_AUTH_SOCK",   "GNOME_KEYRING_CONTROL", "RUNNERFS_API_GH_TOKEN",
    "RUNNERFS_P2P_SECRET_FILE"};
constexpr std::array<std::string_view, 7> kWords{"TOKEN",      "SECRET",      "PASSWORD", "PASSWD",
                                                 "CREDENTIAL", "PRIVATE_KEY", "API_KEY"};

}  // namespace

bool names_secret(std::string_view name) {
  for (const std::string_view harmless : kHarmless)
    if (name == harmless) return false;
  if (name.starts_with("INPUT_")) return true;
  for (const std::string_view word : kWords)
    if (name.find(word) != std::string_view::npos) return true;
  return false;
}

SecretBytes copy_secret(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || trimmed(text).empty()) return {};
  return SecretBytes::copy_of(trimmed(text));
}

EnvironmentToken copy_network_secret() {
  EnvironmentToken out;
  for (const char* name : {"RUNNERFS_P2P_SHARED_SECRET", "CACHE_P2P_SHARED_SECRET"}) {
    const char* text = std::getenv(name);
    if (text == nullptr || trimmed(text).empty()) continue;
    // Byte for byte: the Python implementation takes the blanks around it, too.
    out.network = SecretBytes::copy_of(std::string_view(text));
    out.network_name = name;
    break;
  }
  return out;
}

EnvironmentToken take_secrets() {
  EnvironmentToken out = copy_network_secret();
  for (const char* name : {"GITHUB_TOKEN", "GH_TOKEN"}) {
    out.bytes = copy_secret(name);
    if (out.bytes.empty()) continue;
    out.name = name;
    break;
  }
  out.runtime = copy_secret("ACTIONS_RUNTIME_TOKEN");
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* equals = std::strchr(*entry, '=');
    if (equals == nullptr) continue;
    const std::string name(*entry, static_cast<std::size_t>(equals - *entry));
    if (!names_secret(name)) continue;
    ::explicit_bzero(equals + 1, std::strlen(equals + 1));
    names.push_back(name);
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
  return out;
}

}  // namespace rfs
