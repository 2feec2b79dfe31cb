// What others may know of the node: the state that is shown.
#include "backends/peers/node.h"

namespace rfs {

// On the loop, or before anything runs there.
void Peers::Node::publish() {
  PeersState now;
  now.running = true;
  now.id = self_.text();
  now.port = host_->port();
  for (const p2p::Multiaddr& address : host_->addresses())
    if (const auto endpoint = address.endpoint()) now.addresses.push_back(p2p::Multiaddr::of(*endpoint, self_).text());
  std::map<p2p::PeerId, PeerState> peers;
  std::size_t members = 0;
  const SteadyTime time = std::chrono::steady_clock::now();
  host_->each([&](p2p::Connection& one) {
    const auto at = neighbours_.find(one.peer());
    if (at == neighbours_.end()) return;
    const Neighbour& neighbour = at->second;
    auto [known, fresh] = peers.try_emplace(one.peer());
    PeerState& peer = known->second;
    peer.addresses.push_back(host_->address_of(one).text());
    if (protocol_->is_member(one)) peer.proof = "member";
    if (one.latency() && (!peer.latency || *one.latency() < *peer.latency)) peer.latency = one.latency();
    if (!fresh) return;
    peer.id = one.peer().text();
    peer.agent = neighbour.agent;
    if (peer.proof.empty()) peer.proof = neighbour.proven ? "token" : "none";
    peer.named = book_.is_named(one.peer());
    peer.resting = neighbour.rank.resting(time);
    peer.served = neighbour.served;
    peer.received = neighbour.received;
    peer.refused = neighbour.refused;
    peer.connected_at = neighbour.connected_at;
  });
  for (auto& [id, peer] : peers) {
    if (peer.proof == "member") ++members;
    now.peers.push_back(std::move(peer));
  }
  members_ = members;
  auto state = published_.lock();
  now.notes = std::move(state->notes);
  *state = std::move(now);
}

}  // namespace rfs
