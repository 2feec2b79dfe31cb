#include "p2p/multiaddr_table.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"
#include "p2p/peer_id.h"

namespace rfs::p2p {
namespace {

constexpr AddressProtocol kProtocols[] = {
    {kCodeIp4, "ip4", AddressForm::kIp4},    {kCodeTcp, "tcp", AddressForm::kPort},
    {kCodeIp6, "ip6", AddressForm::kIp6},    {42, "ip6zone", AddressForm::kName},
    {kCodeDns, "dns", AddressForm::kName},   {kCodeDns4, "dns4", AddressForm::kName},
    {kCodeDns6, "dns6", AddressForm::kName}, {56, "dnsaddr", AddressForm::kName},
    {273, "udp", AddressForm::kPort},        {290, "p2p-circuit", AddressForm::kNothing},
    {400, "unix", AddressForm::kPath},       {kCodeP2p, "p2p", AddressForm::kPeer},
    {448, "tls", AddressForm::kNothing},     {460, "quic", AddressForm::kNothing},
    {461, "quic-v1", AddressForm::kNothing}, {465, "webtransport", AddressForm::kNothing},
    {477, "ws", AddressForm::kNothing},      {478, "wss", AddressForm::kNothing},
};

// Names of hosts and zones; no slash, no control byte, no blank.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != '/'; });
}

std::optional<Bytes> ip_value(int family, std::string_view text) {
  Bytes value(family == AF_INET ? 4 : 16);
  return ::inet_pton(family, std::string(text).c_str(), value.data()) == 1 ? std::optional(value) : std::nullopt;
}

std::string ip_text(int family, BytesView value) {
  char chars[INET6_ADDRSTRLEN];
  return ::inet_ntop(family, value.data(), chars, sizeof chars) ? chars : "";
}

}  // namespace

const AddressProtocol* address_protocol(std::uint64_t code) {
  const auto* found = std::find_if(std::begin(kProtocols), std::end(kProtocols),
                                   [&](const AddressProtocol& one) { return one.code == code; });
  return found == std::end(kProtocols) ? nullptr : found;
}

const AddressProtocol* address_protocol(std::string_view name) {
  if (name == "ipfs") name = "p2p";
  const auto* found = std::find_if(std::begin(kProtocols), std::end(kProtocols),
                                   [&](const AddressProtocol& one) { return one.name == name; });
  return found == std::end(kProtocols) ? nullptr : found;
}

std::optional<std::size_t> fixed_size(AddressForm form) {
  switch (form) {
    case AddressForm::kNothing:
      return 0;
    case AddressForm::kIp4:
      return 4;
    case AddressForm::kIp6:
      return 16;
    case AddressForm::kPort:
      return 2;
    default:
      return std::nullopt;
  }
}

std::optional<Bytes> address_value(const AddressProtocol& protocol, std::string_view text) {
  switch (protocol.form) {
    case AddressForm::kNothing:
      return Bytes();
    case AddressForm::kIp4:
      return ip_value(AF_INET, text);
    case AddressForm::kIp6:
      return ip_value(AF_INET6, text);
    case AddressForm::kPort: {
      const auto port = parse_whole(text);
      if (!port || *port > 65535 || text.size() > 5) return std::nullopt;
      return Bytes{static_cast<std::uint8_t>(*port >> 8), static_cast<std::uint8_t>(*port)};
    }
    case AddressForm::kName:
      return is_name(text) ? std::optional(Bytes(text.begin(), text.end())) : std::nullopt;
    case AddressForm::kPath: {
      if (text.empty() || text.find('\0') != std::string_view::npos) return std::nullopt;
      return Bytes(text.begin(), text.end());
    }
    case AddressForm::kPeer: {
      const auto peer = PeerId::parse(text);
      return peer ? std::optional(Bytes(peer->bytes().begin(), peer->bytes().end())) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::string> address_text(const AddressProtocol& protocol, BytesView value) {
  switch (protocol.form) {
    case AddressForm::kNothing:
      return std::string();
    case AddressForm::kIp4:
      return ip_text(AF_INET, value);
    case AddressForm::kIp6:
      return ip_text(AF_INET6, value);
    case AddressForm::kPort:
      return std::to_string(read_be<std::uint16_t>(value));
    case AddressForm::kName:
      return is_name(text(value)) ? std::optional(std::string(text(value))) : std::nullopt;
    case AddressForm::kPath: {
      // A path that ends in a slash does not survive the text form.
      if (value.empty() || value.back() == '/' || std::find(value.begin(), value.end(), 0) != value.end())
        return std::nullopt;
      return std::string(text(value));
    }
    case AddressForm::kPeer: {
      const auto peer = PeerId::from_bytes(value);
      return peer ? std::optional(peer->text()) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace rfs::p2p
