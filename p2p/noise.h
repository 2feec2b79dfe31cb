// The /noise handshake of libp2p: Noise XX, in whose second and third message each side proves its identity by a
// signature over its static X25519 key. Bytes in, bytes out; messages are without their length. One thread.
//
//   initiator: take_message, receive, take_message, done
//   responder: receive, take_message, receive, done
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/signature.h"
#include "p2p/noise_state.h"
#include "p2p/peer_id.h"

namespace rfs::p2p {

enum class Role { kDialer, kListener };

inline constexpr std::size_t kHandshakeMost = 8192;  // of one message: an RSA-4096 identity needs about 1.1 KiB

struct NoiseOptions {
  std::vector<std::string> muxers;            // for early muxer negotiation; empty: none
  PeerId expected;                            // empty: whoever it is
  SecretBytes fixed_static, fixed_ephemeral;  // for test vectors; empty: random, as every caller outside tests must
};

// What a handshake leaves behind.
struct NoiseSession {
  PeerId peer;
  Bytes peer_key;  // the serialized PublicKey
  Digest hash{};   // the handshake hash: unique to this connection, known to both ends and to nobody else
  std::vector<std::string> peer_muxers;
  SecretBytes send_key, receive_key;
};

class NoiseHandshake {
 public:
  NoiseHandshake(Role role, const SigningKey& identity, NoiseOptions options);
  ~NoiseHandshake();
  // The next message to send, if it is this side's turn.
  std::optional<Bytes> take_message();
  // kBroken: malformed, or not authentic. kDenied: a bad signature, or not the expected peer.
  Result<> receive(BytesView message);
  bool done() const { return step_ == 3; }
  // Once, when done.
  NoiseSession finish();

 private:
  Bytes payload() const;
  Result<> check_payload(BytesView sealed);
  Result<> mix_dh(const SecretBytes& secret, BytesView public_key);
  Result<Bytes> take(BytesView& message, std::size_t size, bool sealed);
  Result<> first(BytesView message);
  Result<> second(BytesView message);
  Result<> third(BytesView message);

  const Role role_;
  const SigningKey& identity_;
  NoiseOptions options_;
  NoiseSymmetric symmetric_;
  SecretBytes static_, ephemeral_;
  Bytes static_public_, ephemeral_public_;
  Bytes remote_static_, remote_ephemeral_;
  NoiseSession session_;
  int step_ = 0;   // messages that have passed, in either direction
  Bytes pending_;  // the responder's second message, made where a failure can be told
};

}  // namespace rfs::p2p
