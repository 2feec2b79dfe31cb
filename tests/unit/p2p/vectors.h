// Test vectors of the libp2p layers. The identities and addresses are those of the libp2p specifications (peer-ids,
// multiformats); the handshake was computed with fixed keys and agrees with the `noiseprotocol` Python package, and the
// same program shook hands with js-libp2p and py-libp2p.
#pragma once

#include <string_view>

#include "base/encode.h"
#include "crypto/signature.h"
#include "p2p/peer_id.h"
#include "tests/catch.h"

namespace rfs::test {

inline Bytes from_hex(std::string_view digits) {
  auto bytes = unhex(digits);
  REQUIRE(bytes);
  return *bytes;
}

// Identities with the seeds 01…01 and 02…02.
inline SigningKey identity(std::uint8_t byte) { return SigningKey::from_seed(Bytes(32, byte)); }
inline constexpr std::string_view kIdOne = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
inline constexpr std::string_view kIdTwo = "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq";

}  // namespace rfs::test
