#include "cli/beacons.h"

#include <fmt/format.h>

#include "backends/http/client.h"
#include "base/json.h"
#include "cli/json_view.h"
#include "cli/value.h"
#include "p2p/peer_id.h"

namespace rfs {
namespace {

constexpr const char* kBeaconAgent = "runnerfs/" RFS_VERSION;

HttpClientOptions beacon_client(const Settings& settings, const std::string& base) {
  HttpClientOptions options;
  options.ca_file = settings.ca_file;
  options.plain_http = base.starts_with("http://");  // named explicitly
  return options;
}

BeaconOptions beacon_options(const Settings& settings, const BeaconPlace& place) {
  BeaconOptions out;
  out.api_url = settings.api_url;
  out.repository = place.repository;
  out.user_agent = kBeaconAgent;
  out.network_id = settings.p2p_network_id;
  return out;
}

BeaconBoard::Authorization authorization_of(IdentitySource& identities) {
  return [&identities]() -> std::shared_ptr<const SecretBytes> {
    const auto now = identities.current();
    return now ? std::shared_ptr<const SecretBytes>(*now, &(*now)->authorization) : nullptr;
  };
}

std::string ago(double now, double then) {
  const double seconds = std::max(0.0, now - then);
  return seconds < 120 ? fmt::format("{:.0f} s ago", seconds) : fmt::format("{:.0f} min ago", seconds / 60);
}

}  // namespace

Result<BeaconPlace> beacon_place(const Settings& settings, const Environment& environment, const Context& context, bool runtime) {
  const auto no = [](std::string why, std::string hint = {}) { return fail(Code::kUnsupported, std::move(why), std::move(hint)); };
  if (!settings.p2p_beacons) return no("switched off by the configuration");
  if (!settings.p2p_peer_discovery) return no("peers are not looked for: p2p.peer_discovery is false");
  BeaconPlace out;
  const bool asked = owner_said(settings, "p2p.beacons");
  auto endpoint = cache_endpoint(environment);
  if (endpoint && runtime) {
    out.endpoint = std::move(*endpoint);
    const std::string mode = variable(environment, "ACTIONS_CACHE_MODE");
    if (mode == "read" || mode == "none") out.looks_only = fmt::format("the cache of this job is read-only ({})", mode);
  } else if (!endpoint && endpoint.error().code == Code::kInvalid) {
    return fail(std::move(endpoint.error()));
  } else {
    out.looks_only = "there is no token for the Actions cache here";
    if (!asked)
      return no("there is no Actions cache here", "a runner gives it to actions only: setup-github-cache passes it to the job's daemon");
  }
  if (context.untrusted) return no(context.untrusted_why, "jobs of the repository itself use beacons");
  if (context.repository.empty()) return no("it is not known whose Actions cache to use", "name the repository with --repo");
  if (!settings.api_url.starts_with("http")) return no("caches cannot be listed without GitHub's REST API");
  out.repository = context.repository;
  return out;
}

// One try each: the finder has a patience of its own.
struct Beacons::Clients {
  Clients(const Parts& parts, const BeaconPlace& place, std::vector<SecretBytes> keys, const SecretBytes& runtime)
      : service_client(beacon_client(parts.settings, place.endpoint.base)),
        service_web(service_client, Patience{1, 0.5, 0}),
        api_client(beacon_client(parts.settings, parts.settings.api_url)),
        api_web(api_client, Patience{1, 0.5, 0}),
        board(beacon_options(parts.settings, place), std::move(keys), authorization_of(parts.identities), api_web) {
    if (!place.looks_only.empty()) return;
    const auto make = place.endpoint.v2 ? cache_service_v2 : cache_service_v1;
    service = make(place.endpoint.base, bearer(runtime), service_web, kBeaconAgent);
  }

  HttpClient service_client;
  Web service_web;
  HttpClient api_client;
  Web api_web;
  BeaconBoard board;
  std::unique_ptr<CacheService> service;
};

Beacons::Beacons(const Parts& parts, BeaconPlace place, std::vector<SecretBytes> keys, const SecretBytes& runtime)
    : looks_only_(place.looks_only), clients_(std::make_unique<Clients>(parts, place, std::move(keys), runtime)) {
  Peers& peers = parts.peers;
  const auto self = p2p::PeerId::parse(peers.state().id);
  BeaconFinder::Parts finder{clients_->board,
                             clients_->service.get(),
                             parts.clock,
                             parts.counters,
                             parts.errors,
                             self ? Bytes(self->bytes().begin(), self->bytes().end()) : Bytes(),
                             [&peers]() -> std::optional<Beacon> {
                               auto own = peers.to_be_found();
                               if (!own) return std::nullopt;
                               return Beacon{std::move(own->id), 0, std::move(own->addresses)};
                             },
                             [&peers](std::vector<Beacon> found) {
                               std::vector<FoundPeer> out;
                               for (Beacon& one : found) out.push_back({std::move(one.peer_id), std::move(one.addrs)});
                               peers.hear(std::move(out));
                             },
                             [&peers] { return peers.state().peers.empty(); },
                             parts.spare};
  finder_ = std::make_unique<BeaconFinder>(std::move(finder));
  finder_->start();
}

Beacons::~Beacons() {
  clients_->service_client.stop();
  clients_->api_client.stop();
  finder_->stop();
}

std::string Beacons::json() {
  const BeaconState state = finder_->state();
  JsonLine line;
  line.boolean("running", true).text("looks_only", looks_only_);
  line.number("hung", state.hung).real("hung_at", state.hung_at);
  line.number("listed", state.listed).real("listed_at", state.listed_at);
  line.number("others", static_cast<std::uint64_t>(state.others)).number("failed", state.failed);
  const std::optional<Error>& trouble = state.list_trouble ? state.list_trouble : state.hang_trouble;
  return line.text("trouble", trouble ? trouble->message : "").text("hint", trouble ? trouble->hint : "").str();
}

std::string no_beacons_json(const Error& why) {
  return JsonLine().boolean("running", false).text("off", why.message).text("hint", why.hint).str();
}

std::string beacons_text(const std::string& document, double now) {
  const auto at = [&](const char* name) { return json_text(document, fmt::format("beacons.{}", name)); };
  const auto number = [&](const char* name) { return json_number(document, fmt::format("beacons.{}", name)); };
  if (at("running") != "true") return fmt::format("off: {}", at("off"));
  std::string out = !at("looks_only").empty()  ? "own none: " + at("looks_only")
                    : number("hung_at") > 0 ? "own hung up " + ago(now, number("hung_at"))
                                            : "own not hung up yet";
  out += number("listed_at") > 0 ? fmt::format("; {} of others in the list of {}", at("others"), ago(now, number("listed_at")))
                                 : "; not listed yet";
  if (const std::string trouble = at("trouble"); !trouble.empty()) out += fmt::format("; {}", trouble);
  if (const std::string hint = at("hint"); !hint.empty()) out += fmt::format(" ({})", hint);
  return out;
}

Result<> try_beacons(const Settings& settings, IdentitySource& identities, const BeaconPlace& place) {
  HttpClient client(beacon_client(settings, settings.api_url));
  Web web(client, Patience{1, 0.5, 0});
  std::vector<SecretBytes> none;
  BeaconBoard board(beacon_options(settings, place), std::move(none), authorization_of(identities), web);
  TRY(board.list({}, SystemClock().wall()));
  return {};
}

}  // namespace rfs
