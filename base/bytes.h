// Byte containers and big-endian integers: the words of every byte format here (runnerfs-formats(7)).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rfs {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;  // SHA-256, HMAC-SHA256
using Id16 = std::array<std::uint8_t, 16>;

inline BytesView view(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
inline std::string_view text(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

inline void append(Bytes& out, BytesView more) { out.insert(out.end(), more.begin(), more.end()); }
inline void append(Bytes& out, std::string_view more) { append(out, view(more)); }

template <class Integer>
void append_be(Bytes& out, Integer value) {
  for (int shift = 8 * (static_cast<int>(sizeof(Integer)) - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> shift));
}
// REQUIRES: bytes.size() >= sizeof(Integer).
template <class Integer>
Integer read_be(BytesView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) value = value << 8 | bytes[i];
  return static_cast<Integer>(value);
}
// lp(x): u16 length, then x. REQUIRES: more.size() <= 65535.
inline void append_lp(Bytes& out, BytesView more) {
  append_be(out, static_cast<std::uint16_t>(more.size()));
  append(out, more);
}
inline void append_lp(Bytes& out, std::string_view more) { append_lp(out, view(more)); }

}  // namespace rfs
