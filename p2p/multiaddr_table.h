// The protocols of multiaddrs: number, name and form of the value, and values as text and bytes. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace rfs::p2p {

inline constexpr std::uint32_t kCodeIp4 = 4, kCodeTcp = 6, kCodeIp6 = 41, kCodeDns = 53, kCodeDns4 = 54, kCodeDns6 = 55,
                               kCodeP2p = 421;

enum class AddressForm { kNothing, kIp4, kIp6, kPort, kName, kPeer, kPath };

struct AddressProtocol {
  std::uint32_t code;
  const char* name;
  AddressForm form;
};

const AddressProtocol* address_protocol(std::uint64_t code);     // null: not known
const AddressProtocol* address_protocol(std::string_view name);  // "ipfs" is "p2p"
std::optional<std::size_t> fixed_size(AddressForm form);         // nullopt: a length goes before the value
std::optional<Bytes> address_value(const AddressProtocol& protocol, std::string_view text);
// nullopt: bytes that are no value of this protocol. "" for protocols without one.
std::optional<std::string> address_text(const AddressProtocol& protocol, BytesView value);

}  // namespace rfs::p2p
