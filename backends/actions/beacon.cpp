#include "backends/actions/beacon.h"

#include "base/encode.h"
#include "crypto/record.h"

namespace rfs {
namespace {

constexpr std::size_t kBeaconMost = 500;  // characters of a record
constexpr std::size_t kAddressMost = 200, kAddressesMost = 16, kPeerIdMost = 64;
constexpr std::size_t kSealMost = kHeaderSize + kTag;

Bytes beacon_identity(std::string_view network_id) {
  Bytes out;
  append_lp(out, network_id);
  return out;
}

std::size_t text_size(std::size_t plain) { return ((plain + kSealMost) * 4 + 2) / 3; }

}  // namespace

Result<std::string> encode_beacon(const SecretBytes& key, std::string_view network_id, const Beacon& beacon) {
  if (beacon.peer_id.empty() || beacon.peer_id.size() > kPeerIdMost)
    return fail(Code::kInvalid, "a beacon needs a peer id");
  Bytes addresses;
  std::uint8_t count = 0;
  const std::size_t before = 2 + beacon.peer_id.size() + 8 + 1;
  for (const std::string& address : beacon.addrs) {
    if (address.empty() || address.size() > kAddressMost || count == kAddressesMost) continue;
    if (text_size(before + addresses.size() + 2 + address.size()) > kBeaconMost) break;
    append_lp(addresses, address);
    ++count;
  }
  if (count == 0) return fail(Code::kTooLarge, "a beacon without an address that fits");
  Bytes plain;
  append_lp(plain, BytesView(beacon.peer_id));
  append_be(plain, static_cast<std::uint64_t>(beacon.seen));
  plain.push_back(count);
  append(plain, addresses);
  TRY_ASSIGN(const Bytes record, seal_record(key, RecordKind::kBeacon, 0, beacon_identity(network_id), plain));
  return std::string(kBeaconPrefix) + base64url(record);
}

Result<Beacon> decode_beacon(const SecretBytes& key, std::string_view network_id, std::string_view text) {
  if (!text.starts_with(kBeaconPrefix)) return fail(Code::kInvalid, "it is no beacon");
  text.remove_prefix(kBeaconPrefix.size());
  const auto record = text.size() <= kBeaconMost ? unbase64url(text) : std::nullopt;
  if (!record || record->size() < kSealMost) return fail(Code::kInvalid, "it is no beacon");
  TRY_ASSIGN(const Bytes plain, open_record(key, RecordKind::kBeacon, *record, beacon_identity(network_id)));
  BytesView rest = plain;
  const auto take = [&](Bytes& out, std::size_t most) {
    if (rest.size() < 2) return false;
    const std::size_t size = read_be<std::uint16_t>(rest);
    if (size == 0 || size > most || rest.size() - 2 < size) return false;
    out.assign(rest.begin() + 2, rest.begin() + 2 + static_cast<std::ptrdiff_t>(size));
    rest = rest.subspan(2 + size);
    return true;
  };
  Beacon out;
  if (!take(out.peer_id, kPeerIdMost) || rest.size() < 9) return fail(Code::kInvalid, "a beacon that is not of the form");
  out.seen = static_cast<double>(read_be<std::uint64_t>(rest));
  const std::size_t count = rest[8];
  rest = rest.subspan(9);
  for (std::size_t i = 0; i < count; ++i) {
    Bytes address;
    if (!take(address, kAddressMost)) return fail(Code::kInvalid, "a beacon that is not of the form");
    out.addrs.emplace_back(rfs::text(address));
  }
  if (count == 0 || count > kAddressesMost || !rest.empty()) return fail(Code::kInvalid, "a beacon that is not of the form");
  return out;
}

}  // namespace rfs
