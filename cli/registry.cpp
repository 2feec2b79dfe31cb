#include "cli/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "backends/http/client.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/json_view.h"
#include "p2p/peer_id.h"

namespace rfs {
namespace {

constexpr const char* kRegistryAgent = "runnerfs/" RFS_VERSION;

HttpClientOptions registry_client(const Settings& settings) {
  HttpClientOptions options;
  options.ca_file = settings.ca_file;
  options.plain_http = settings.api_url.starts_with("http://");  // named explicitly
  return options;
}

RegistryOptions registry_options(const Settings& settings, const std::string& repository) {
  RegistryOptions out;
  out.api_url = settings.api_url;
  out.repository = repository;
  out.title = settings.p2p_registry_title;
  out.user_agent = kRegistryAgent;
  out.interval = settings.p2p_registry_interval;
  out.life = static_cast<double>(settings.p2p_registry_ttl_minutes) * 60;
  out.most = settings.p2p_registry_max_peers;
  return out;
}

PeerRegistry::Authorization registry_authorization(IdentitySource& identities) {
  return [&identities]() -> std::shared_ptr<const SecretBytes> {
    const auto now = identities.current();
    return now ? std::shared_ptr<const SecretBytes>(*now, &(*now)->authorization) : nullptr;
  };
}

std::string since(double now, double then) {
  const double seconds = std::max(0.0, now - then);
  return seconds < 120 ? fmt::format("{:.0f} s ago", seconds) : fmt::format("{:.0f} min ago", seconds / 60);
}

// What this node says of itself, or nothing while nobody could reach it.
std::optional<RegistryPeer> entry_of(Peers& peers, const std::string& self, const std::string& runner) {
  auto found = peers.to_be_found();
  if (!found) return std::nullopt;
  RegistryPeer out{self, runner, {}, 0};
  for (std::string& address : found->addresses)
    out.addresses.push_back(address.find("/p2p/") == std::string::npos ? address + "/p2p/" + self : std::move(address));
  return out;
}

std::vector<FoundPeer> to_be_dialled(const std::vector<RegistryPeer>& peers) {
  std::vector<FoundPeer> out;
  for (const RegistryPeer& one : peers)
    if (const auto id = p2p::PeerId::parse(one.peer_id)) out.push_back({Bytes(id->bytes().begin(), id->bytes().end()), one.addresses});
  return out;
}

}  // namespace

Result<std::string> registry_place(const Settings& settings, const Context& context) {
  const auto no = [](std::string why, std::string hint = {}) { return fail(Code::kUnsupported, std::move(why), std::move(hint)); };
  if (!settings.p2p_registry) return no("it publishes addresses, so that it has to be asked for: p2p.registry");
  if (!settings.p2p_peer_discovery) return no("peers are not looked for: p2p.peer_discovery is false");
  if (context.untrusted) return no(context.untrusted_why, "jobs of the repository itself use the registry");
  const std::string& place = settings.p2p_registry_repository.empty() ? context.repository : settings.p2p_registry_repository;
  if (place.empty()) return no("it is not known whose registry to use", "name the repository with --repo or p2p.registry_repository");
  if (!is_repository(place)) return fail(Code::kInvalid, fmt::format("'{}' is no repository", place), "write p2p.registry_repository as OWNER/NAME");
  if (!settings.api_url.starts_with("http")) return no("a registry cannot be read without GitHub's REST API");
  return place;
}

// One try each: the finder has a patience of its own.
struct Registry::Clients {
  Clients(const Parts& parts, const std::string& repository)
      : settings(parts.settings),
        client(registry_client(settings)),
        web(client, Patience{1, 0.5, 0}),
        registry(registry_options(settings, repository), registry_authorization(parts.identities), web) {}
  const Settings& settings;
  HttpClient client;
  Web web;
  PeerRegistry registry;
};

Registry::Registry(const Parts& parts, const std::string& repository)
    : repository_(repository), clients_(std::make_unique<Clients>(parts, repository)) {
  Peers& peers = parts.peers;
  const std::string self = peers.state().id;
  const std::string runner = registry_runner_name(parts.runner);
  finder_ = std::make_unique<RegistryFinder>(RegistryFinder::Parts{
      clients_->registry, parts.clock, parts.counters, parts.errors, self, parts.settings.p2p_registry_interval,
      [&peers, self, runner] { return entry_of(peers, self, runner); },
      [&peers](std::vector<RegistryPeer> found) { peers.hear(to_be_dialled(found)); }, [&peers] { return peers.state().peers.empty(); },
      parts.spare});
  finder_->start();
}

// The client is stopped first, so that a request under way is not waited for; another one says good-bye.
Registry::~Registry() {
  clients_->client.stop();
  finder_->stop();
  HttpClient client(registry_client(clients_->settings));
  Web web(client, Patience{1, 0.5, 0});
  if (auto left = clients_->registry.leave(web); !left) log(Level::kWarning, "{}", left.error().message);
}

std::string Registry::json() {
  const RegistryState state = finder_->state();
  JsonLine line;
  line.boolean("running", true).text("state", state.trouble ? "fallback" : "ok").text("repository", repository_);
  line.number("told", state.told).real("told_at", state.told_at).number("listed", state.listed).real("listed_at", state.listed_at);
  line.number("others", static_cast<std::uint64_t>(state.others)).number("failed", state.failed);
  return line.text("trouble", state.trouble ? state.trouble->message : "").text("hint", state.trouble ? state.trouble->hint : "").str();
}

std::string no_registry_json(const Error& why) {
  return JsonLine().boolean("running", false).text("state", "off").text("off", why.message).text("hint", why.hint).str();
}

std::string registry_text(const std::string& document, double now) {
  const auto at = [&](const char* name) { return json_text(document, fmt::format("registry.{}", name)); };
  const auto number = [&](const char* name) { return json_number(document, fmt::format("registry.{}", name)); };
  if (at("running") != "true") return fmt::format("off: {}", at("off"));
  std::string out = fmt::format("{}: ", at("repository"));
  out += number("told_at") > 0 ? "own entry of " + since(now, number("told_at")) : "no own entry";
  out += number("listed_at") > 0 ? fmt::format("; {} of others in the list of {}", at("others"), since(now, number("listed_at")))
                                 : "; not read yet";
  if (const std::string trouble = at("trouble"); !trouble.empty()) out += fmt::format("; fallback to other ways: {}", trouble);
  if (const std::string hint = at("hint"); !hint.empty()) out += fmt::format(" ({})", hint);
  return out;
}

Result<bool> try_registry(const Settings& settings, IdentitySource& identities, const std::string& repository) {
  HttpClient client(registry_client(settings));
  Web web(client, Patience{1, 0.5, 0});
  PeerRegistry registry(registry_options(settings, repository), registry_authorization(identities), web);
  return registry.look();
}

}  // namespace rfs
