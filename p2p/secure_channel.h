// The framing of /noise: u16 length ‖ noise message, and after the handshake the two ciphers. Bytes in, bytes out; one
// thread. It keeps at most one partial message.
#pragma once

#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "p2p/noise.h"

namespace rfs::p2p {

inline constexpr std::size_t kNoiseMost = 65535;                     // of a message
inline constexpr std::size_t kNoisePlain = kNoiseMost - kChachaTag;  // 65,519

// Cuts a byte stream into messages. They are given as views that may be written to and are gone after the call.
class NoiseFrames {
 public:
  // Calls take(message) for each whole one until it fails. `bytes` are used as working memory.
  Result<> receive(MutableBytes bytes, const std::function<Result<>(MutableBytes)>& take);
  std::size_t kept() const { return partial_.size(); }
  // Longer messages are refused when their length is read: handshakes are short.
  void limit(std::size_t most) { most_ = most; }

 private:
  Bytes partial_;
  std::size_t most_ = kNoiseMost;
};

void append_noise_frame(Bytes& out, BytesView message);

class SecureChannel {
 public:
  SecureChannel(const SecretBytes& send_key, const SecretBytes& receive_key)
      : send_(send_key.reveal()), receive_(receive_key.reveal()) {}
  // Appends one sealed, framed message (more when the parts exceed 65,519 bytes; never an empty one). kBroken: the
  // nonces are used up.
  Result<> seal(BytesView head, BytesView body, Bytes& out);
  // The plaintext, in place. kBroken: not authentic; the connection is over.
  Result<BytesView> open(MutableBytes message);

 private:
  NoiseCipher send_, receive_;
};

}  // namespace rfs::p2p
