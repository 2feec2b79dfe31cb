#include "backends/peers/address_book.h"

#include <arpa/inet.h>

#include <algorithm>

namespace rfs {
namespace {

using p2p::Multiaddr;
using p2p::PeerId;
using p2p::Reach;

constexpr Millis kFirst{500}, kNamedMost{5'000}, kNameAgain{30'000}, kRefused{600'000};
constexpr std::size_t kHeardMost = 200;
constexpr int kHearsayTries = 3;
constexpr std::array kAMinute{20, 5};  // dialled at most, by HeardFrom

bool is_ip(int family, const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(family, text.c_str(), bytes) == 1;
}

// Which private network an address lies in; 0: none.
int private_range(const std::string& ip) {
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, ip.c_str(), &four) == 1) {
    const std::uint32_t bits = ntohl(four.s_addr);
    if (bits >> 24 == 10) return 1;
    if (bits >> 20 == 0xAC1) return 2;
    if (bits >> 16 == 0xC0A8) return 3;
    if (bits >> 22 == 0x191) return 4;  // 100.64.0.0/10
  } else if (::inet_pton(AF_INET6, ip.c_str(), &six) == 1 && (six.s6_addr[0] & 0xFE) == 0xFC) {
    return 5;
  }
  return 0;
}

}  // namespace

Result<Multiaddr> parse_peer_address(const std::string& text, std::string& warning) {
  std::string fixed = text;
  constexpr std::string_view kIp4 = "/ip4/";
  if (text.starts_with(kIp4)) {
    const std::string host = text.substr(kIp4.size(), text.find('/', kIp4.size()) - kIp4.size());
    const bool name = std::any_of(host.begin(), host.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    if (name && !is_ip(AF_INET, host)) {
      fixed = "/dns4/" + text.substr(kIp4.size());
      warning = "the peer " + text + " names a host as an address: read as " + fixed;
    }
  }
  auto address = Multiaddr::parse(fixed);
  const char* form = "for example /dns4/runner1.example/tcp/9000, or /ip4/192.0.2.7/tcp/9000/p2p/12D3Koo…";
  if (!address) return fail(Code::kInvalid, "the peer address '" + text + "': " + address.error().message, form);
  const auto endpoint = address->endpoint();
  if (!endpoint || endpoint->port == 0)
    return fail(Code::kInvalid, "the peer address '" + text + "' is none that TCP can dial", form);
  return *address;
}

bool worth_dialling(const Multiaddr& address, const std::vector<std::string>& own) {
  const auto endpoint = address.endpoint();
  if (!endpoint || endpoint->is_name() || endpoint->port == 0 || address.peer().empty()) return false;
  const Reach reach = p2p::reach_of(endpoint->host);
  if (reach == Reach::kPublic) return true;
  if (reach != Reach::kPrivate) return false;
  const int range = private_range(endpoint->host);
  return range != 0 && std::any_of(own.begin(), own.end(), [&](const std::string& ip) { return private_range(ip) == range; });
}

bool beacon_worth_dialling(const Multiaddr& address, const std::vector<std::string>& own) {
  if (worth_dialling(address, own)) return true;
  const auto endpoint = address.endpoint();
  const auto is_here = [](const std::string& ip) { return p2p::reach_of(ip) == Reach::kLoopback; };
  return endpoint && !endpoint->is_name() && endpoint->port != 0 && !address.peer().empty() && is_here(endpoint->host) &&
         !own.empty() && std::all_of(own.begin(), own.end(), is_here);
}

std::vector<Multiaddr> beacon_addresses(const std::vector<Multiaddr>& listened) {
  std::vector<Multiaddr> out;
  for (const Reach wanted : {Reach::kPublic, Reach::kPrivate, Reach::kLoopback}) {
    if (wanted == Reach::kLoopback && !out.empty()) break;
    for (const Multiaddr& address : listened)
      if (const auto endpoint = address.endpoint(); endpoint && p2p::reach_of(endpoint->host) == wanted) out.push_back(address);
  }
  return out;
}

AddressBook::Line* AddressBook::find(const Multiaddr& address) {
  for (Line& line : lines_)
    if (line.address == address) return &line;
  return nullptr;
}

void AddressBook::name(const Multiaddr& address, SteadyTime now) {
  if (Line* known = find(address)) {
    known->named = true;
    known->failures = 0;
    if (!known->under_way) known->next = now;
    return;
  }
  lines_.push_back({address, true, HeardFrom::kPeer, false, 0, now, {}});
}

void AddressBook::hear(const Multiaddr& address, HeardFrom by, SteadyTime now) {
  if (Line* known = find(address)) {
    if (by == HeardFrom::kBeacon) known->told = by;
    return;
  }
  if (heard(by) < kHeardMost) lines_.push_back({address, false, by, false, 0, now, {}});
}

std::vector<Multiaddr> AddressBook::due(SteadyTime now, const std::function<bool(const PeerId&)>& connected) {
  if (now - minute_ >= std::chrono::minutes(1)) {
    minute_ = now;
    dialled_ = {};
  }
  std::vector<Multiaddr> out;
  for (Line& line : lines_) {
    if (line.under_way || now < line.next) continue;
    const PeerId wanted = line.address.peer();
    const bool there = wanted.empty() ? std::any_of(line.peers.begin(), line.peers.end(), connected) : connected(wanted);
    const auto endpoint = line.address.endpoint();
    // A name without a peer id may have come to stand for more machines.
    const bool may_be_more = wanted.empty() && endpoint && endpoint->is_name();
    if (there && !may_be_more) {
      line.next = now + kNameAgain;
      continue;
    }
    const auto told = static_cast<std::size_t>(line.told);
    if (!line.named && dialled_[told] >= kAMinute[told]) continue;
    if (!line.named) ++dialled_[told];
    line.under_way = true;
    out.push_back(line.address);
  }
  return out;
}

void AddressBook::reached(const Multiaddr& address, const PeerId& peer, SteadyTime now) {
  Line* line = find(address);
  if (!line) return;
  line->under_way = false;
  line->failures = 0;
  line->peers.insert(peer);
  line->next = now + kNameAgain;
}

void AddressBook::failed(const Multiaddr& address, bool refused, SteadyTime now) {
  Line* line = find(address);
  if (!line) return;
  line->under_way = false;
  ++line->failures;
  if (!line->named && line->failures >= kHearsayTries) {
    lines_.erase(lines_.begin() + (line - lines_.data()));
    return;
  }
  const Millis wait = refused ? kRefused : std::min(kNamedMost, kFirst * (1 << std::min(line->failures, 8)));
  line->next = now + wait;
}

void AddressBook::lost(const PeerId& peer, SteadyTime now) {
  for (Line& line : lines_) {
    if (line.peers.erase(peer) == 0 && line.address.peer() != peer) continue;
    if (!line.under_way) line.next = std::min(line.next, now + kFirst);
  }
}

bool AddressBook::is_named(const PeerId& peer) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
    return line.named && (line.peers.contains(peer) || line.address.peer() == peer);
  });
}

std::size_t AddressBook::heard(HeardFrom by) const {
  return static_cast<std::size_t>(
      std::count_if(lines_.begin(), lines_.end(), [by](const Line& line) { return !line.named && line.told == by; }));
}

}  // namespace rfs
