// Who is dialled, what is told of others, and who is not kept.
#include <algorithm>

#include "backends/peers/node.h"
#include "base/log.h"
#include "p2p/listen.h"

namespace rfs {
namespace {

constexpr std::size_t kExchangeAnswerMost = 128 * 1024;
constexpr std::size_t kExchangePeers = 50;
// For who proves nothing and was not named: idle, and whatever it does meanwhile.
constexpr auto kUnproven = std::chrono::seconds(60), kUnprovenBusy = std::chrono::seconds(90);

}  // namespace

void Peers::Node::add(const p2p::Multiaddr& address) {
  post([self = shared_from_this(), address] {
    self->book_.name(address, std::chrono::steady_clock::now());
    self->dial_due();
  });
}

void Peers::Node::hear(std::vector<FoundPeer> peers) {
  post([self = shared_from_this(), peers = std::move(peers)] { self->found(peers); });
}

void Peers::Node::dial_due() {
  if (stopping_) return;
  const auto connected = [this](const p2p::PeerId& peer) { return host_->find(peer) != nullptr; };
  for (const p2p::Multiaddr& address : book_.due(std::chrono::steady_clock::now(), connected)) dial(address);
}

void Peers::Node::dial(const p2p::Multiaddr& address) {
  host_->dial(address, [this, address](Result<p2p::Connection*> up) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (up) {
      book_.reached(address, (*up)->peer(), now);
      begin_exchange(**up);  // a named peer is asked even when it says nothing of itself
      return publish();
    }
    const bool refused = up.error().code == Code::kDenied || (!address.peer().empty() && strangers_.contains(address.peer()));
    log(Level::kInfo, "the peer at {} cannot be had: {}", address.text(), up.error().message);
    book_.failed(address, refused, now);
  });
}

std::vector<std::string> Peers::Node::own_addresses() const {
  std::vector<std::string> out;
  for (const p2p::Multiaddr& address : host_->addresses())
    if (const auto endpoint = address.endpoint()) out.push_back(endpoint->host);
  return out;
}

// What a peer may know: where we and those whom we keep can be reached, of what leads beyond this machine.
std::string Peers::Node::exchange_text() const {
  ExchangeMessage message;
  const auto leads_out = [](const p2p::Multiaddr& address) {
    const auto endpoint = address.endpoint();
    if (!endpoint || endpoint->is_name()) return false;
    const p2p::Reach reach = p2p::reach_of(endpoint->host);
    return reach == p2p::Reach::kPublic || reach == p2p::Reach::kPrivate;
  };
  for (const p2p::Multiaddr& address : host_->addresses())
    if (leads_out(address)) message.addresses.push_back(p2p::Multiaddr::of(*address.endpoint(), self_).text());
  if (options_.exchange)
    for (p2p::Connection* one : connections(false)) {
      const auto at = neighbours_.find(one->peer());
      const bool kept = protocol_->is_member(*one) || (at != neighbours_.end() && at->second.proven);
      for (const Bytes& bytes : one->identify.listen_addresses) {
        const auto address = p2p::Multiaddr::from_bytes(bytes);
        if (!kept || !address || !leads_out(*address) || message.peers.size() >= kExchangePeers) continue;
        message.peers.push_back(p2p::Multiaddr::of(*address->endpoint(), one->peer()).text());
      }
    }
  return exchange_message(message, parts_.clock.wall());
}

void Peers::Node::begin_exchange(p2p::Connection& connection) {
  if (!options_.compat) return;
  const auto& spoken = connection.identify.protocols;
  const bool lists = std::find(spoken.begin(), spoken.end(), kExchangeProtocol) != spoken.end();
  // Some peers of the Python implementation say nothing of themselves.
  if (!lists && !(spoken.empty() && book_.is_named(connection.peer()))) return;
  if (!exchanged_.insert(&connection).second) return;
  parts_.counters.add(Counter::kMessages);
  const p2p::PeerId peer = connection.peer();
  p2p::send_token(connection, kExchangeProtocol, seal(exchange_text()), kExchangeAnswerMost,
                  [this, peer](Result<std::string> answer) {
                    if (!answer || stopping_) return;
                    const auto opened = fernet_open(fernet_key_.reveal(), *answer);
                    if (!opened) return;
                    parts_.counters.add(Counter::kMessages);
                    if (!is_recent(opened->time)) return;
                    proven(peer);
                    if (const auto message = parse_exchange_message(text(opened->plaintext))) heard(*message);
                  });
}

void Peers::Node::exchange_received(p2p::Connection& connection, FernetMessage message, p2p::TokenAnswer answer) {
  parts_.counters.add(Counter::kMessages, 2);
  if (is_recent(message.time)) {
    proven(connection.peer());
    if (const auto parsed = parse_exchange_message(text(message.plaintext))) heard(*parsed);
  }
  answer(seal(exchange_text()));
}

void Peers::Node::heard(const ExchangeMessage& message) {
  if (!options_.exchange || connections(false).size() >= options_.max_peers) return;
  const std::vector<std::string> own = own_addresses();
  for (const auto* list : {&message.addresses, &message.peers})
    for (const std::string& one : *list) {
      const auto address = p2p::Multiaddr::parse(one);
      if (!address || !worth_dialling(*address, own) || address->peer() == self_) continue;
      if (!strangers_.contains(address->peer())) book_.hear(*address, HeardFrom::kPeer, std::chrono::steady_clock::now());
    }
}

void Peers::Node::found(const std::vector<FoundPeer>& peers) {
  if (connections(false).size() >= options_.max_peers) return;
  const std::vector<std::string> own = own_addresses();
  for (const FoundPeer& one : peers) {
    const auto id = p2p::PeerId::from_bytes(one.id);
    if (!id || *id == self_ || strangers_.contains(*id)) continue;
    for (const std::string& text : one.addresses) {
      const auto address = p2p::Multiaddr::parse(text);
      const auto endpoint = address ? address->endpoint() : std::nullopt;
      if (!endpoint || (!address->peer().empty() && address->peer() != *id)) continue;
      const auto whole = p2p::Multiaddr::of(*endpoint, *id);
      if (beacon_worth_dialling(whole, own)) book_.hear(whole, HeardFrom::kBeacon, std::chrono::steady_clock::now());
    }
  }
  dial_due();
}

std::optional<FoundPeer> Peers::Node::to_be_found() const {
  FoundPeer out;
  out.id.assign(self_.bytes().begin(), self_.bytes().end());
  for (const p2p::Multiaddr& address : beacon_addresses(host_->addresses())) out.addresses.push_back(address.text());
  return out.addresses.empty() ? std::nullopt : std::optional(std::move(out));
}

std::vector<SecretBytes> Peers::Node::beacon_keys() const {
  std::vector<SecretBytes> out;
  for (const SecretBytes& key : beacon_keys_) out.push_back(key.clone());
  return out;
}

// Only members are kept, peers that hold the secret in the way of the Python implementation, and whom the owner named.
void Peers::Node::send_strangers_away(SteadyTime now) {
  std::vector<p2p::Connection*> going;
  host_->each([&](p2p::Connection& one) {
    const auto at = neighbours_.find(one.peer());
    if (at == neighbours_.end() || at->second.connected == SteadyTime{}) return;
    const bool kept = at->second.proven || protocol_->is_member(one) || book_.is_named(one.peer());
    const auto age = now - at->second.connected;
    if (!kept && (age > kUnprovenBusy || (age > kUnproven && one.streams() == 0))) going.push_back(&one);
  });
  for (p2p::Connection* one : going) one->abort({Code::kDenied, "it has not shown that it knows the network's secret", {}});
}

}  // namespace rfs
