#include "p2p/sealed_frames.h"

#include <algorithm>

namespace rfs::p2p {
namespace {

constexpr std::size_t kLength = 4;

AeadNonce frame_nonce(std::uint64_t counter) {
  AeadNonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> (56 - 8 * i));
  return nonce;
}

}  // namespace

Bytes FrameSealer::seal(BytesView plaintext) {
  Bytes out;
  out.reserve(kLength + plaintext.size() + kAeadTag);
  append_be(out, static_cast<std::uint32_t>(plaintext.size() + kAeadTag));
  out.resize(kLength + plaintext.size() + kAeadTag);
  const MutableBytes all(out);
  aead_seal(key_.reveal(), frame_nonce(counter_++), all.first(kLength), plaintext, all.subspan(kLength));
  return out;
}

Result<> FrameOpener::receive(BytesView bytes, const std::function<Result<>(BytesView)>& take) {
  while (!bytes.empty()) {
    const std::size_t wanted =
        partial_.size() < kLength ? kLength : kLength + read_be<std::uint32_t>(BytesView(partial_));
    const BytesView piece = bytes.first(std::min(wanted - partial_.size(), bytes.size()));
    append(partial_, piece);
    bytes = bytes.subspan(piece.size());
    if (partial_.size() < kLength) break;
    const auto n = read_be<std::uint32_t>(BytesView(partial_));
    if (n <= kAeadTag || n > kSealedMost) return fail(Code::kTampered, "a sealed frame of no allowed length");
    if (partial_.size() < kLength + n) continue;
    Bytes plaintext(n - kAeadTag);
    const BytesView whole(partial_);
    if (!aead_open(key_.reveal(), frame_nonce(counter_++), whole.first(kLength), whole.subspan(kLength), plaintext))
      return fail(Code::kTampered, "a sealed frame does not authenticate");
    partial_.clear();
    TRY(take(plaintext));
  }
  return {};
}

}  // namespace rfs::p2p
