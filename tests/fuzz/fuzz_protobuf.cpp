// libFuzzer: the protobuf messages of strangers. Beside not crashing: limits hold, and what was read survives being
// written and read again.
#include <cstdint>
#include <cstdlib>

#include "p2p/messages.h"
#include "p2p/peer_id.h"

namespace {

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rfs::BytesView bytes(data, size);
  if (const auto payload = rfs::p2p::decode_noise_payload(bytes)) {
    require(payload->muxers.size() <= 16);
    const auto again = rfs::p2p::decode_noise_payload(rfs::p2p::encode(*payload));
    require(again && again->identity_key == payload->identity_key && again->muxers == payload->muxers);
    require(
        !rfs::p2p::verify_with(payload->identity_key, rfs::view("no one signed this"), payload->identity_signature));
  }
  if (const auto key = rfs::p2p::decode_public_key(bytes)) {
    const auto again = rfs::p2p::decode_public_key(rfs::p2p::encode(*key));
    require(again && again->type == key->type && again->data == key->data);
    require(!rfs::p2p::PeerId::of_public_key(bytes).text().empty());
  }
  rfs::p2p::Identify identify;
  if (rfs::p2p::decode_identify(bytes, identify)) {
    require(identify.protocols.size() <= rfs::p2p::kIdentifyProtocols);
    require(identify.listen_addresses.size() <= rfs::p2p::kIdentifyAddresses);
    rfs::p2p::Identify again;
    require(rfs::p2p::decode_identify(rfs::p2p::encode(identify), again).has_value());
    require(again.protocols == identify.protocols && again.agent_version == identify.agent_version);
  }
  return 0;
}
