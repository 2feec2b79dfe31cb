#include "cli/config.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <functional>

#include "backends/peers/address_book.h"
#include "base/file.h"
#include "cli/checkout.h"
#include "cli/config_checkout.h"
#include "cli/config_reference.h"
#include "cli/config_yaml.h"
#include "cli/places.h"

namespace rfs {
namespace {

Error placed(Error error, const std::string& place) {
  error.message = place + ": " + error.message;
  return error;
}

// The owner's file, and whether its absence is an error.
struct OwnersFile {
  std::string path;
  bool named;
};

OwnersFile owners_file(const ConfigSources& sources) {
  for (const FlagValue& flag : sources.flags)
    if (std::string_view(flag.option->key) == "config") return {expand_home(flag.texts.back()), true};
  if (const std::string named = variable(sources.environment, "RUNNERFS_CONFIG"); !named.empty())
    return {expand_home(named), true};
  const std::string base = variable(sources.environment, "XDG_CONFIG_HOME");
  return {(base.starts_with("/") ? base : sources.home + "/.config") + "/runnerfs/config.yml", false};
}

Result<> apply_owners_entry(Configuration& out, const YamlEntry& entry, const std::string& place) {
  if (entry.values.empty() && !entry.list) return {};  // null: as if it were not there
  const std::string key = entry.key();
  if (entry.path.size() == 2 && entry.path[0] == "operation_ttls" && entry.values.size() == 1)
    return set_option(out.settings, *find_option_by_key("operation_ttls"), {entry.path[1] + "=" + entry.values[0]},
                      place);
  if (const Option* option = find_option_by_key(key)) {
    if (std::string_view(option->key) == "config" && entry.values != std::vector<std::string>{""})
      return fail(Code::kUsage, "a configuration file cannot name another one");
    if (option->kind == ValueKind::kBool && entry.list)
      return fail(Code::kUsage, key + ": a list is not true or false");
    // As `runnerfs config` prints what is not set.
    if (!entry.list && entry.values.size() == 1 && entry.values[0].empty() && option_text(Settings(), *option).empty())
      return {};
    return set_option(out.settings, *option, entry.values, place);
  }
  if (const char* reason = without_effect(key)) {
    out.notes.push_back({false, fmt::format("{}: {} has no effect: {}", place, key, reason)});
    return {};
  }
  return fail(Code::kUsage, fmt::format("unknown key '{}'", key),
              "`runnerfs config` lists the keys; runnerfs(1) describes them");
}

Result<> apply_owners_file(Configuration& out, const OwnersFile& file) {
  const auto text = read_file(file.path, 1u << 20);
  if (!text) {
    if (text.error().code == Code::kNotFound && !file.named) return {};
    return fail(Code::kUsage, fmt::format("{}: cannot be read: {}", file.path, text.error().message),
                "name a readable file with --config, or correct its permissions");
  }
  TRY_ASSIGN(const std::vector<YamlEntry> entries, parse_yaml(*text, file.path));
  for (const YamlEntry& entry : entries) {
    const std::string place = fmt::format("{}:{}", file.path, entry.line);
    if (auto applied = apply_owners_entry(out, entry, place); !applied) return fail(placed(applied.error(), place));
  }
  out.settings.config = file.path;
  return {};
}

Result<> apply_checkout(Configuration& out, const ConfigSources& sources) {
  const std::string root = checkout_root(sources.directory, sources.environment);
  if (root.empty()) return {};
  if (out.settings.repo.empty()) {
    out.settings.repo = repository_of_remote(root);
    if (!out.settings.repo.empty()) out.settings.origins["repo"] = "remote origin of " + root;
  }
  const std::string stranger = untrusted_event(sources.environment);
  for (const char* name : {"/.github/cache-config.yml", "/.github/p2p-config.yml"}) {
    const std::string path = root + name;
    const auto text = read_file(path, 1u << 20);
    if (!text && text.error().code == Code::kNotFound) continue;
    if (!stranger.empty()) {
      out.notes.push_back({true, fmt::format("{}: not read: {}", path, stranger)});
    } else if (!text) {
      out.notes.push_back({true, fmt::format("{}: not read: {}", path, text.error().message)});
    } else {
      apply_checkout_file(out, *text, path);
    }
  }
  return {};
}

// What names peers is looked at before anything starts: a slip there would otherwise show as a network without peers.
Result<> check_peers(const Settings& settings, std::vector<Note>& notes,
                     const std::function<tl::unexpected<Error>(const char*, const std::string&, const std::string&)>& wrong) {
  for (const std::string& text : settings.p2p_bootstrap_peers) {
    std::string warning;
    const auto address = parse_peer_address(text, warning);
    if (!address) return wrong("p2p.bootstrap_peers", address.error().message, address.error().hint);
    if (!warning.empty()) notes.push_back({true, warning});
  }
  for (const auto& [key, ids] : {std::pair("p2p.allow", &settings.p2p_allow), std::pair("p2p.block", &settings.p2p_block)})
    for (const std::string& text : *ids)
      if (const auto id = p2p::PeerId::parse(text); !id)
        return wrong(key, fmt::format("'{}' is no peer id", text), "`runnerfs peers` shows them: 12D3Koo…");
  for (const std::string& text : settings.p2p_listen) {
    in6_addr bytes{};
    if (::inet_pton(AF_INET, text.c_str(), &bytes) != 1 && ::inet_pton(AF_INET6, text.c_str(), &bytes) != 1)
      return wrong("p2p.listen", fmt::format("'{}' is no IP address", text), "for example 0.0.0.0, ::, 192.0.2.7");
  }
  if (settings.p2p_network_id.empty() || settings.p2p_network_id.size() > 255)
    return wrong("p2p.network_id", "it is empty or over 255 bytes", "");
  if (settings.p2p_port_first > settings.p2p_port_last)
    return wrong("p2p.port_last", "it is before p2p.port_first", "for example 9000 and 9010");
  return {};
}

Result<> check(Settings& settings, std::vector<Note>& notes) {
  const auto wrong = [&](const char* key, const std::string& why, const std::string& hint) {
    const auto origin = settings.origins.find(key);
    return fail(Code::kUsage,
                fmt::format("{}: {}: {}", origin == settings.origins.end() ? "default" : origin->second, key, why),
                hint);
  };
  std::string& url = settings.api_url;
  while (url.ends_with("/") && !url.ends_with("//")) url.pop_back();
  if (!url.starts_with("https://") && !url.starts_with("http://") && !url.starts_with("file:///"))
    return wrong("api.url", "it is no https, http or file URL", "for GitHub Enterprise: https://HOST/api/v3");
  if (url.find('@') != std::string::npos || url.find_first_of("?# \t") != std::string::npos)
    return wrong("api.url", "it holds more than a scheme, a host and a path",
                 "give tokens in GITHUB_TOKEN or by --token-file");
  const std::size_t slash = settings.repo.find('/');
  if (!settings.repo.empty() && (slash == std::string::npos || slash == 0 || slash + 1 == settings.repo.size() ||
                                 settings.repo.find('/', slash + 1) != std::string::npos))
    return wrong("repo", "it is not of the form owner/name", "for example --repo octo/hello");
  TRY(check_peers(settings, notes, wrong));
  // A daemon works in "/", so every path is made whole here.
  for (const Option& option : option_table()) {
    if (option.kind != ValueKind::kPath) continue;
    std::string& path = settings.*std::get<std::string Settings::*>(option.member);
    if (!path.empty()) path = absolute_path(expand_home(path));
  }
  return {};
}

}  // namespace

Result<Configuration> load_configuration(const ConfigSources& sources) {
  Configuration out;
  TRY(apply_owners_file(out, owners_file(sources)));
  for (const EnvironmentValue& value : options_of(sources.environment))
    if (auto set = set_option(out.settings, *value.option, value.texts, value.origin); !set)
      return fail(placed(set.error(), value.origin));
  for (const std::string& note : notes_of(sources.environment)) out.notes.push_back({false, note});
  for (const FlagValue& flag : sources.flags)
    if (auto set = set_option(out.settings, *flag.option, flag.texts, flag.origin); !set)
      return fail(placed(set.error(), flag.origin));
  // Last, so that what the owner gave is known: it counts, whatever the checkout says.
  TRY(apply_checkout(out, sources));
  TRY(check(out.settings, out.notes));
  return out;
}

ConfigSources present_sources(std::vector<FlagValue> flags) {
  ConfigSources out{present_environment(), std::move(flags), "", expand_home("~")};
  char buffer[4096];
  if (::getcwd(buffer, sizeof buffer) != nullptr) out.directory = buffer;
  return out;
}

bool owner_said(const Settings& settings, const char* key) {
  const auto origin = settings.origins.find(key);
  return origin != settings.origins.end() && origin->second.find("/.github/") == std::string::npos;
}

}  // namespace rfs
