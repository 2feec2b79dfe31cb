// The peers of a daemon: whether there are any, under which secret, and what is told of them.
#include <fmt/format.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/daemon.h"
#include "p2p/listen.h"
#include "p2p/multiaddr.h"

namespace rfs {
namespace {

bool wants_to_be_found(const Settings& settings) {
  return owner_said(settings, "p2p.listen_port") || !settings.p2p_bootstrap_peers.empty();
}

bool hosted(const Environment& environment) {
  return variable(environment, "GITHUB_ACTIONS") == "true" &&
         variable(environment, "RUNNER_ENVIRONMENT") == "github-hosted";
}

bool can_be_reached() {
  for (const char* all : {"0.0.0.0", "::"})
    for (const std::string& address : p2p::addresses_of(all))
      if (p2p::reach_of(address) == p2p::Reach::kPublic) return true;
  return false;
}

std::vector<std::uint16_t> ports_of(const Settings& settings) {
  const auto port = [](std::uint64_t number) { return static_cast<std::uint16_t>(number); };
  if (settings.p2p_listen_port == 0) return {0};
  return p2p::port_order(port(settings.p2p_listen_port), port(settings.p2p_port_first), port(settings.p2p_port_last));
}

std::string addresses_json(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + json_quote(item);
  return "[" + out + "]";
}

std::string peer_json(const PeerState& peer) {
  JsonLine line;
  line.text("id", peer.id).raw("addrs", addresses_json(peer.addresses)).boolean("member", peer.proof == "member");
  line.text("proof", peer.proof).text("agent", peer.agent).boolean("named", peer.named);
  if (peer.latency) line.number("latency_ms", static_cast<std::int64_t>(peer.latency->count()));
  line.boolean("resting", peer.resting).real("connected_at", peer.connected_at);
  line.number("served", peer.served).number("received", peer.received).number("refused", peer.refused);
  return line.str();
}

}  // namespace

void Daemon::start_peers(const Environment& environment) {
  auto entered = enter_network(environment);
  const SecretBytes runtime = std::move(network_secret_.runtime);
  network_secret_ = EnvironmentToken{};
  if (entered) {
    start_beacons(environment, runtime);
    start_registry(environment);
  }
  if (entered) {
    peers_off_.clear();
    for (const std::string& note : peers_->state().notes) warnings_.push_back(note);
    return;
  }
  peers_off_ = entered.error().message;
  peers_hint_ = entered.error().hint;
  // Who asked for peers is told that there are none; for everybody else `status` says it.
  const bool asked = wants_to_be_found(settings_) || owner_said(settings_, "p2p.enabled") || !settings_.p2p_secret_file.empty() ||
                     entered.error().code != Code::kNoKey;
  if (asked && settings_.p2p_enabled)
    warnings_.push_back(fmt::format("peers are off: {}{}{}", peers_off_, peers_hint_.empty() ? "" : "; ", peers_hint_));
}

// The order of what is looked at is that of the reasons that a user is told.
Result<> Daemon::enter_network(const Environment& environment) {
  if (!settings_.p2p_enabled) return fail(Code::kUnsupported, "switched off by the configuration");
  const bool asked = wants_to_be_found(settings_) || owner_said(settings_, "p2p.enabled");
  Result<NetworkSecret> secret = given_network_secret(settings_, network_secret_);
  if (asked && !network_secret_given(settings_, network_secret_)) {
    // A token alone opens no port: somebody has to ask for peers.
    TRY_ASSIGN(const IdentityPtr identity, identities_->current());
    secret = network_secret_of_token(*identity);
  }
  if (!secret) return fail(std::move(secret.error()));
  const bool hidden = hosted(environment) && !wants_to_be_found(settings_) && !can_be_reached();
  if (hidden && !settings_.p2p_registry && !(settings_.p2p_beacons && owner_said(settings_, "p2p.beacons")))
    return fail(Code::kUnreachable, "this hosted runner has no address that another one could reach",
                "name a peer that can be reached in CACHE_BOOTSTRAP_PEERS, or say p2p.beacons");

  Peers::Start start;
  PeersOptions& options = start.options;
  options.network_id = settings_.p2p_network_id;
  options.verify = settings_.p2p_verify == "member" ? Verify::kMember : Verify::kEtag;
  options.listen = settings_.p2p_listen;
  if (!hidden) options.ports = ports_of(settings_);
  options.named = settings_.p2p_bootstrap_peers;
  options.allow = settings_.p2p_allow;
  options.block = settings_.p2p_block;
  options.deadline = Millis(static_cast<std::int64_t>(settings_.p2p_deadline * 1000));
  options.max_peers = settings_.p2p_max_peers;
  options.max_object_size = settings_.max_object_size;
  options.compat = settings_.p2p_compat;
  options.exchange = settings_.p2p_peer_discovery;
  start.secret = std::move(secret->secret);
  start.identity = node_identity();
  start.api_host = origin_->host();
  start.can_prove = [origin = origin_.get()] { return origin->proof_state().empty(); };
  start.cache = cache_.get();
  start.scans = scans_.get();
  TRY(peers_->start(std::move(start)));
  cache_->on_put([peers = peers_.get()](const EntryPtr& entry) { peers->share(entry); });
  cache_->on_absent([peers = peers_.get()](const std::string& key) { return peers->fetch_entry(key); });
  peers_secret_ = secret->origin;
  peers_weakness_ = secret->weakness;
  return {};
}

// Whether calls of GitHub's limit are left for what nobody waits for.
std::function<bool()> Daemon::spare_calls() {
  return [this] {
    for (const RateWindow& window : origin_->windows())
      if (window.resource == "core" && window.remaining >= 0 &&
          window.remaining <= static_cast<std::int64_t>(settings_.rate_limiting_aggressive_threshold))
        return window.reset > 0 && window.reset < clock_.wall();
    return true;
  };
}

// Peers that are found this way are the same peers; that none are is no trouble of anybody who did not ask for it.
void Daemon::start_beacons(const Environment& environment, const SecretBytes& runtime) {
  auto place = beacon_place(settings_, environment, context_, !runtime.empty());
  if (!place) {
    beacons_off_ = place.error();
    if (owner_said(settings_, "p2p.beacons") && settings_.p2p_beacons)
      warnings_.push_back(fmt::format("beacons are off: {}{}{}", beacons_off_.message, beacons_off_.hint.empty() ? "" : "; ", beacons_off_.hint));
    return;
  }
  beacons_ = std::make_unique<Beacons>(Beacons::Parts{settings_, *identities_, *peers_, clock_, counters_, errors_, spare_calls()},
                                       std::move(*place), peers_->beacon_keys(), runtime);
}

void Daemon::start_registry(const Environment& environment) {
  const auto place = registry_place(settings_, context_);
  if (!place) {
    registry_off_ = place.error();
    if (settings_.p2p_registry)
      warnings_.push_back(fmt::format("the registry of peers is off: {}{}{}", registry_off_.message, registry_off_.hint.empty() ? "" : "; ",
                                      registry_off_.hint));
    return;
  }
  std::string runner = variable(environment, "RUNNER_NAME");
  if (char name[256] = ""; runner.empty() && ::gethostname(name, sizeof name - 1) == 0) runner = name;
  registry_ = std::make_unique<Registry>(
      Registry::Parts{settings_, *identities_, *peers_, clock_, counters_, errors_, runner, spare_calls()}, *place);
}

std::string Daemon::registry_json() { return registry_ ? registry_->json() : no_registry_json(registry_off_); }

std::string Daemon::beacons_json() { return beacons_ ? beacons_->json() : no_beacons_json(beacons_off_); }

// The same peer id at each start, for one daemon of a store at a time. Empty: a fresh one.
SecretBytes Daemon::node_identity() {
  if (settings_.p2p_ephemeral || !on_disk_) return {};
  auto lock = FileLock::take(settings_.cache_directory + "/node.lock", FileLock::Kind::kExclusive);
  if (!lock) return {};  // another daemon of this store is that peer
  auto seed = store_->node_seed();
  if (!seed) {
    warnings_.push_back(fmt::format("the identity of this node cannot be read ({}): peers know it under another id until it can",
                                    seed.error().message));
    return {};
  }
  node_lock_ = std::move(*lock);
  return std::move(*seed);
}

std::string Daemon::peers_json() {
  const PeersState state = peers_->state();
  if (!state.running)
    return JsonLine().raw("self", "null").raw("peers", "[]").text("off", peers_off_).text("hint", peers_hint_).raw("beacons", beacons_json()).raw("registry", registry_json()).str() + "\n";
  JsonLine self;
  self.text("id", state.id).raw("addrs", addresses_json(state.addresses)).number("port", std::int64_t{state.port});
  self.text("network_id", settings_.p2p_network_id).text("verify", settings_.p2p_verify).text("secret", peers_secret_);
  std::string peers;
  for (const PeerState& peer : state.peers) peers += (peers.empty() ? "" : ", ") + peer_json(peer);
  return JsonLine().raw("self", self.str()).raw("peers", "[" + peers + "]").raw("beacons", beacons_json()).raw("registry", registry_json()).str() + "\n";
}

std::string Daemon::peers_status_json() {
  const PeersState state = peers_->state();
  JsonLine line;
  line.boolean("running", state.running);
  if (!state.running) return line.text("off", peers_off_).text("hint", peers_hint_).str();
  std::uint64_t members = 0;
  for (const PeerState& peer : state.peers) members += peer.proof == "member" ? 1 : 0;
  line.text("id", state.id).number("port", std::int64_t{state.port}).text("network_id", settings_.p2p_network_id);
  line.text("secret", peers_secret_).text("weakness", peers_weakness_).text("verify", settings_.p2p_verify);
  line.number("connected", static_cast<std::uint64_t>(state.peers.size())).number("members", members);
  line.number("refused", counters_.get(Counter::kPeerRefused)).number("turned_away", counters_.get(Counter::kPeerTurnedAway));
  line.number("unfinished", counters_.get(Counter::kPeerUnfinished));
  return line.raw("notes", addresses_json(state.notes)).str();
}

}  // namespace rfs
