// The keys of a network, and the proof of membership in it: runnerfs-p2p(7), "Keys" and "Membership". Immutable after
// derivation; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "p2p/peer_id.h"

namespace rfs::p2p {

class NetworkKey {
 public:
  // About 20 ms (PBKDF2): never on a loop's thread.
  static NetworkKey derive(BytesView secret, std::string_view network_id);
  NetworkKey clone() const;

  // What both sides of a connection prove that they know the key for.
  struct Transcript {
    PeerId initiator, responder;
    Digest hash{};  // of the Noise handshake
  };
  Digest initiator_mac(const Transcript& transcript) const;
  Digest responder_mac(const Transcript& transcript, const Digest& initiator_mac) const;
  // PRK of a connection's streams.
  SecretBytes session(const Digest& hash) const;
  // The pseudonym of a canonical request key.
  Digest ask_id(BytesView canonical) const;
  // What beacons are sealed under: runnerfs-formats(7), "BEACONS".
  const SecretBytes& beacon() const { return beacon_; }

 private:
  NetworkKey() = default;
  Bytes transcript_bytes(const Transcript& transcript) const;
  std::string network_id_;
  SecretBytes member_, session_, ask_, beacon_;
};

// The key of one direction of a stream: from its opener, or to it.
SecretBytes stream_key(const SecretBytes& session, std::uint32_t stream_id, bool from_opener);

}  // namespace rfs::p2p
