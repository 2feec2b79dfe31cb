// AddressBook: which addresses are to be dialled, and when next. Named ones (by the owner) are dialled for good; what
// beacons and peers tell is tried a few times, and hearsay slowly. It dials nobody itself. One thread; pure but for its own state.
#pragma once

#include <array>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "p2p/multiaddr.h"

namespace rfs {

// An address as the owner writes it. The guide's /ip4/HOSTNAME/… is read as /dns4/HOSTNAME/…, which `warning` says.
// kInvalid: no multiaddr, or none that TCP can dial.
Result<p2p::Multiaddr> parse_peer_address(const std::string& text, std::string& warning);

// Whether hearsay may send us there. Never to this machine, into link-local networks, or into private ones that this
// machine has no address in; never by name; only with a peer id and a port. own: the addresses of this machine.
bool worth_dialling(const p2p::Multiaddr& address, const std::vector<std::string>& own);
// Whether a member's beacon may: the same, and to this machine for a node that has no address beyond it.
bool beacon_worth_dialling(const p2p::Multiaddr& address, const std::vector<std::string>& own);
// Of the addresses that a node listens at, those that its beacon names, the ones that lead furthest first: none that lead
// nowhere, and this machine's own only where there are no others.
std::vector<p2p::Multiaddr> beacon_addresses(const std::vector<p2p::Multiaddr>& listened);

// Who told of an address that the owner did not name. A beacon is a member's own word about itself, a list of a peer's is
// hearsay about others: it is dialled more slowly.
enum class HeardFrom { kBeacon, kPeer };

class AddressBook {
 public:
  // Dialled within a second, after each loss again, and every few seconds until somebody answers.
  void name(const p2p::Multiaddr& address, SteadyTime now);
  // REQUIRES: worth_dialling(), beacon_worth_dialling().
  void hear(const p2p::Multiaddr& address, HeardFrom by, SteadyTime now);

  // What is due, marked as under way until one of the two below. connected: whether a peer is.
  std::vector<p2p::Multiaddr> due(SteadyTime now, const std::function<bool(const p2p::PeerId&)>& connected);
  void reached(const p2p::Multiaddr& address, const p2p::PeerId& peer, SteadyTime now);
  // refused: the address leads to this node itself, or to a stranger: not for ten minutes.
  void failed(const p2p::Multiaddr& address, bool refused, SteadyTime now);
  // It is gone: its address is due again soon.
  void lost(const p2p::PeerId& peer, SteadyTime now);
  // Whether an address that the owner named leads to it.
  bool is_named(const p2p::PeerId& peer) const;
  std::size_t heard(HeardFrom by) const;

 private:
  struct Line {
    p2p::Multiaddr address;
    bool named = false;
    HeardFrom told = HeardFrom::kPeer;  // of one that is not named
    bool under_way = false;
    int failures = 0;
    SteadyTime next{};
    std::set<p2p::PeerId> peers;  // who answered there
  };
  Line* find(const p2p::Multiaddr& address);
  std::vector<Line> lines_;
  SteadyTime minute_{};              // when the minute began in which so many were dialled
  std::array<int, 2> dialled_{};  // by HeardFrom
};

}  // namespace rfs
