// The sealed frames of a stream: runnerfs-p2p(7), "Frames". One object a direction, one thread.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/aead.h"

namespace rfs::p2p {

inline constexpr std::size_t kSealedMost = 65'503;                  // n
inline constexpr std::size_t kFramePlain = kSealedMost - kAeadTag;  // 65,487: a type and its fields
inline constexpr std::size_t kFrameBody = kFramePlain - 1;          // bytes in a BODY frame

class FrameSealer {
 public:
  explicit FrameSealer(SecretBytes key) : key_(std::move(key)) {}
  // REQUIRES: 1 to kFramePlain bytes.
  Bytes seal(BytesView plaintext);

 private:
  SecretBytes key_;
  std::uint64_t counter_ = 0;
};

class FrameOpener {
 public:
  explicit FrameOpener(SecretBytes key) : key_(std::move(key)) {}
  // Calls take(plaintext) for each whole frame, until it fails. kTampered: not a frame of this key and place. Keeps at
  // most one partial frame.
  Result<> receive(BytesView bytes, const std::function<Result<>(BytesView)>& take);
  bool at_boundary() const { return partial_.empty(); }

 private:
  SecretBytes key_;
  std::uint64_t counter_ = 0;
  Bytes partial_;
};

}  // namespace rfs::p2p
