// Eight bytes at a time: what both halves of JsonTokens scan with. Pure.
#pragma once

#include <cstdint>
#include <cstring>

namespace rfs::json_tokens {

// A byte in each of the eight places: kOnes * ' '.
inline constexpr std::uint64_t kOnes = ~std::uint64_t{0} / 255;

// REQUIRES: eight bytes to read.
inline std::uint64_t load(const char* at) {
  std::uint64_t x;
  std::memcpy(&x, at, sizeof x);
  return x;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace rfs::json_tokens
