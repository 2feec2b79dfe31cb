// base58btc and base36: numbers written in an alphabet, with leading zero bytes kept. Pure. The cost is quadratic, so
// inputs are short ones (peer ids): longer texts than 128 characters are refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace rfs::p2p {

inline constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
inline constexpr std::string_view kBase36 = "0123456789abcdefghijklmnopqrstuvwxyz";

std::string encode_base_x(std::string_view alphabet, BytesView bytes);
std::optional<Bytes> decode_base_x(std::string_view alphabet, std::string_view text);

}  // namespace rfs::p2p
