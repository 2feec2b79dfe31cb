#include "p2p/multiaddr.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "p2p/multiaddr_table.h"
#include "p2p/varint.h"

namespace rfs::p2p {
namespace {

constexpr std::size_t kTextMost = 1024, kPartsMost = 16;

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::kInvalid, fmt::format("not a multiaddr: {}", why),
              "one looks like /ip4/192.0.2.7/tcp/9000/p2p/12D3KooW… or /dns4/ci.example/tcp/9000");
}

}  // namespace

std::string to_text(const TcpEndpoint& endpoint) {
  return endpoint.kind == TcpEndpoint::Kind::kIp6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                                                  : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

Result<Multiaddr> Multiaddr::parse(std::string_view text) {
  if (text.size() > kTextMost) return bad("too long");
  if (!text.starts_with('/')) return bad("it does not begin with /");
  Multiaddr address;
  std::string_view rest = text.substr(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto next = [&rest] {
    const auto end = std::min(rest.find('/'), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
  };
  while (!rest.empty()) {
    const std::string_view name = next();
    const AddressProtocol* protocol = address_protocol(name);
    if (!protocol) return bad("a protocol that is not known");
    if (address.parts_.size() == kPartsMost) return bad("too many parts");
    std::optional<Bytes> value = Bytes();
    if (protocol->form == AddressForm::kPath) {
      value = address_value(*protocol, rest);
      rest = {};
    } else if (protocol->form != AddressForm::kNothing) {
      value = address_value(*protocol, next());
    }
    if (!value) return bad(fmt::format("the value of /{} is not of its form", protocol->name));
    address.parts_.push_back({protocol->code, std::move(*value)});
  }
  if (address.parts_.empty()) return bad("it is empty");
  return address;
}

Result<Multiaddr> Multiaddr::from_bytes(BytesView bytes) {
  Multiaddr address;
  if (bytes.empty() || bytes.size() > kTextMost) return bad("no length that an address has");
  while (!bytes.empty()) {
    std::uint64_t code = 0;
    if (take_uvarint(bytes, code) != Varint::kWhole) return bad("a cut protocol number");
    const AddressProtocol* protocol = address_protocol(code);
    if (!protocol || address.parts_.size() == kPartsMost) return bad("a protocol that is not known");
    BytesView value;
    if (const auto size = fixed_size(protocol->form)) {
      if (bytes.size() < *size) return bad("a cut value");
      value = bytes.first(*size);
      bytes = bytes.subspan(*size);
    } else {
      const auto prefixed = take_prefixed(bytes);
      if (!prefixed) return bad("a cut value");
      value = *prefixed;
    }
    if (!address_text(*protocol, value)) return bad(fmt::format("the value of /{} is not of its form", protocol->name));
    address.parts_.push_back({protocol->code, Bytes(value.begin(), value.end())});
  }
  return address;
}

Multiaddr Multiaddr::of(const TcpEndpoint& endpoint, const PeerId& peer) {
  constexpr const char* kNames[] = {"ip4", "ip6", "dns", "dns4", "dns6"};
  auto made = parse(fmt::format("/{}/{}/tcp/{}{}", kNames[static_cast<int>(endpoint.kind)], endpoint.host,
                                endpoint.port, peer.empty() ? "" : "/p2p/" + peer.text()));
  return made ? std::move(*made) : Multiaddr();
}

std::string Multiaddr::text() const {
  std::string out;
  for (const Part& part : parts_) {
    const AddressProtocol* protocol = address_protocol(part.code);
    out += fmt::format("/{}", protocol->name);
    if (protocol->form != AddressForm::kNothing) out += "/" + *address_text(*protocol, part.value);
  }
  return out;
}

Bytes Multiaddr::bytes() const {
  Bytes out;
  for (const Part& part : parts_) {
    append_uvarint(out, part.code);
    if (fixed_size(address_protocol(part.code)->form))
      append(out, part.value);
    else
      append_prefixed(out, part.value);
  }
  return out;
}

std::optional<TcpEndpoint> Multiaddr::endpoint() const {
  const std::size_t size = parts_.size();
  if (size < 2 || size > 3 || parts_[1].code != kCodeTcp || (size == 3 && parts_[2].code != kCodeP2p))
    return std::nullopt;
  using Kind = TcpEndpoint::Kind;
  Kind kind;
  switch (parts_[0].code) {
    case kCodeIp4:
      kind = Kind::kIp4;
      break;
    case kCodeIp6:
      kind = Kind::kIp6;
      break;
    case kCodeDns:
      kind = Kind::kDns;
      break;
    case kCodeDns4:
      kind = Kind::kDns4;
      break;
    case kCodeDns6:
      kind = Kind::kDns6;
      break;
    default:
      return std::nullopt;
  }
  return TcpEndpoint{kind, *address_text(*address_protocol(parts_[0].code), parts_[0].value),
                     read_be<std::uint16_t>(parts_[1].value)};
}

PeerId Multiaddr::peer() const {
  if (parts_.empty() || parts_.back().code != kCodeP2p) return {};
  return PeerId::from_bytes(parts_.back().value).value_or(PeerId());
}

Multiaddr Multiaddr::without_peer() const {
  Multiaddr address = *this;
  if (!address.parts_.empty() && address.parts_.back().code == kCodeP2p) address.parts_.pop_back();
  return address;
}

Reach reach_of(std::string_view ip) {
  const std::string text(ip);
  std::uint8_t a[16];
  if (::inet_pton(AF_INET6, text.c_str(), a) == 1) {
    constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr std::uint8_t kLoopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (std::memcmp(a, kLoopback, 16) == 0) return Reach::kLoopback;
    if (std::memcmp(a, kMapped, 12) == 0) return reach_of(fmt::format("{}.{}.{}.{}", a[12], a[13], a[14], a[15]));
    if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) return Reach::kLinkLocal;
    if ((a[0] & 0xfe) == 0xfc) return Reach::kPrivate;
    return (a[0] & 0xe0) == 0x20 ? Reach::kPublic : Reach::kNowhere;
  }
  if (::inet_pton(AF_INET, text.c_str(), a) != 1) return Reach::kNowhere;
  if (a[0] == 127) return Reach::kLoopback;
  if (a[0] == 169 && a[1] == 254) return Reach::kLinkLocal;
  if (a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
      (a[0] == 100 && (a[1] & 0xc0) == 64))
    return Reach::kPrivate;
  return a[0] == 0 || a[0] >= 224 ? Reach::kNowhere : Reach::kPublic;
}

}  // namespace rfs::p2p
