#include "p2p/base_x.h"

#include <algorithm>

namespace rfs::p2p {
namespace {

constexpr std::size_t kMost = 128;

// `digits` is a number in base `from`, most significant first; answers it in base `to`, without leading zeros.
Bytes convert(BytesView digits, unsigned from, unsigned to) {
  Bytes out;  // least significant first
  for (std::uint8_t digit : digits) {
    unsigned carry = digit;
    for (std::uint8_t& place : out) {
      carry += place * from;
      place = static_cast<std::uint8_t>(carry % to);
      carry /= to;
    }
    for (; carry; carry /= to) out.push_back(static_cast<std::uint8_t>(carry % to));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

std::string encode_base_x(std::string_view alphabet, BytesView bytes) {
  const auto zeros = std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte != 0; });
  std::string out(static_cast<std::size_t>(zeros - bytes.begin()), alphabet[0]);
  for (std::uint8_t digit : convert(bytes, 256, static_cast<unsigned>(alphabet.size()))) out += alphabet[digit];
  return out;
}

std::optional<Bytes> decode_base_x(std::string_view alphabet, std::string_view text) {
  if (text.size() > kMost) return std::nullopt;
  Bytes digits;
  for (char c : text) {
    const auto digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    digits.push_back(static_cast<std::uint8_t>(digit));
  }
  Bytes out(static_cast<std::size_t>(
      std::find_if(digits.begin(), digits.end(), [](std::uint8_t digit) { return digit != 0; }) - digits.begin()));
  append(out, convert(digits, static_cast<unsigned>(alphabet.size()), 256));
  return out;
}

}  // namespace rfs::p2p
