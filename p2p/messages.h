// The protobuf messages of libp2p that a node needs. Decoders read untrusted bytes: kInvalid for what is not of the
// form, unknown fields are skipped, repeated fields are counted against limits. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace rfs::p2p {

// crypto.proto: PublicKey. Both fields are required.
struct PublicKeyMessage {
  std::uint32_t type = 0;
  Bytes data;
};
Bytes encode(const PublicKeyMessage& message);
Result<PublicKeyMessage> decode_public_key(BytesView bytes);

// noise/README.md: NoiseHandshakePayload with NoiseExtensions.stream_muxers.
struct NoisePayload {
  Bytes identity_key;
  Bytes identity_signature;
  std::vector<std::string> muxers;
};
Bytes encode(const NoisePayload& message);
Result<NoisePayload> decode_noise_payload(BytesView bytes);

// identify/README.md: Identify. Of several messages on a stream the fields add up (decode into the same object).
struct Identify {
  Bytes public_key;
  std::vector<Bytes> listen_addresses;  // binary multiaddrs
  std::vector<std::string> protocols;
  Bytes observed_address;
  std::string protocol_version;
  std::string agent_version;
};
inline constexpr std::size_t kIdentifyMost = 8192;      // bytes of one message
inline constexpr std::size_t kIdentifyAddresses = 64;   // more are left out
inline constexpr std::size_t kIdentifyProtocols = 256;  // more are left out
Bytes encode(const Identify& message);
Result<> decode_identify(BytesView bytes, Identify& into);

}  // namespace rfs::p2p
