// Multiaddr: where a node can be reached, as text (/ip4/192.0.2.7/tcp/9000/p2p/12D3Koo…) and as bytes (multiformats,
// multiaddr). Immutable value; any thread. Both forms come from strangers: parsing refuses what is not whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "p2p/peer_id.h"

namespace rfs::p2p {

// An address that TCP can be dialled at. host: digits of an IP address, or a name to be resolved.
struct TcpEndpoint {
  enum class Kind { kIp4, kIp6, kDns, kDns4, kDns6 };
  Kind kind = Kind::kIp4;
  std::string host;
  std::uint16_t port = 0;
  bool is_name() const { return kind != Kind::kIp4 && kind != Kind::kIp6; }
  bool operator==(const TcpEndpoint&) const = default;
};
std::string to_text(const TcpEndpoint& endpoint);  // "192.0.2.7:9000", "[::1]:9000"

class Multiaddr {
 public:
  // kInvalid, with what is wrong in the message.
  static Result<Multiaddr> parse(std::string_view text);
  static Result<Multiaddr> from_bytes(BytesView bytes);
  static Multiaddr of(const TcpEndpoint& endpoint, const PeerId& peer = {});

  std::string text() const;
  Bytes bytes() const;
  // The endpoint when it is exactly an address or name and a TCP port, with a peer id or without; nullopt for
  // everything that we cannot dial (circuits, QUIC, WebSockets, unix sockets).
  std::optional<TcpEndpoint> endpoint() const;
  // The last /p2p/ component; empty when there is none.
  PeerId peer() const;
  Multiaddr without_peer() const;
  bool operator==(const Multiaddr&) const = default;

 private:
  struct Part {
    std::uint32_t code = 0;
    Bytes value;
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> parts_;
};

// What an IP address is good for. Lists from peers may not send us to our own host or into private networks.
enum class Reach { kLoopback, kLinkLocal, kPrivate, kNowhere, kPublic };  // kNowhere: unspecified, multicast, reserved
// Of the digits of an IP address; kNowhere for anything else. An IPv4 address inside an IPv6 one counts as itself.
Reach reach_of(std::string_view ip);

}  // namespace rfs::p2p
