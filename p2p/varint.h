// Unsigned varints (LEB128, minimal, at most 9 bytes: 63 bits), as multiformats and libp2p use them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace rfs::p2p {

inline void append_uvarint(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

enum class Varint { kWhole, kCut, kBad };  // kCut: more bytes may make it whole

// kWhole: `value` is set and its bytes are taken off `in`; else `in` is left as it is.
inline Varint take_uvarint(BytesView& in, std::uint64_t& value) {
  std::uint64_t gathered = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    if (i == in.size()) return Varint::kCut;
    gathered |= static_cast<std::uint64_t>(in[i] & 0x7f) << (7 * i);
    if (in[i] & 0x80) continue;
    if (i > 0 && in[i] == 0) return Varint::kBad;  // not minimal
    value = gathered;
    in = in.subspan(i + 1);
    return Varint::kWhole;
  }
  return Varint::kBad;
}

// uvarint length ‖ bytes; nullopt for a length that is not there.
inline std::optional<BytesView> take_prefixed(BytesView& in) {
  std::uint64_t size = 0;
  BytesView rest = in;
  if (take_uvarint(rest, size) != Varint::kWhole || size > rest.size()) return std::nullopt;
  in = rest.subspan(size);
  return rest.first(size);
}

inline void append_prefixed(Bytes& out, BytesView more) {
  append_uvarint(out, more.size());
  append(out, more);
}

}  // namespace rfs::p2p
