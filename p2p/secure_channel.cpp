#include "p2p/secure_channel.h"

#include <algorithm>

namespace rfs::p2p {
namespace {

constexpr std::size_t kLength = 2;

// How long the first message with its length is; 0 while that is not known.
std::size_t frame_size(BytesView bytes) { return bytes.size() < kLength ? 0 : kLength + read_be<std::uint16_t>(bytes); }

}  // namespace

Result<> NoiseFrames::receive(MutableBytes bytes, const std::function<Result<>(MutableBytes)>& take) {
  while (!bytes.empty()) {
    if (partial_.empty()) {
      const std::size_t size = frame_size(bytes);
      if (size > kLength + most_) return fail(Code::kBroken, "noise: an oversized message");
      if (size && bytes.size() >= size) {
        TRY(take(bytes.subspan(kLength, size - kLength)));
        bytes = bytes.subspan(size);
      } else {
        append(partial_, bytes);
        bytes = {};
      }
      continue;
    }
    const std::size_t size = frame_size(partial_);
    if (size > kLength + most_) return fail(Code::kBroken, "noise: an oversized message");
    const std::size_t wanted = size ? size - partial_.size() : kLength - partial_.size();
    const std::size_t n = std::min(wanted, bytes.size());
    append(partial_, bytes.first(n));
    bytes = bytes.subspan(n);
    if (frame_size(partial_) == partial_.size()) {
      Bytes whole = std::exchange(partial_, {});
      TRY(take(MutableBytes(whole).subspan(kLength)));
    }
  }
  return {};
}

void append_noise_frame(Bytes& out, BytesView message) {
  append_be(out, static_cast<std::uint16_t>(message.size()));
  append(out, message);
}

Result<> SecureChannel::seal(BytesView head, BytesView body, Bytes& out) {
  while (!head.empty() || !body.empty()) {
    const BytesView one = head.first(std::min(head.size(), kNoisePlain));
    const BytesView two = body.first(std::min(body.size(), kNoisePlain - one.size()));
    const std::size_t size = one.size() + two.size() + kChachaTag, at = out.size() + kLength;
    append_be(out, static_cast<std::uint16_t>(size));
    out.resize(at + size);
    if (!send_.seal({}, {one, two}, MutableBytes(out).subspan(at))) return fail(Code::kBroken, "noise: nonces used up");
    head = head.subspan(one.size());
    body = body.subspan(two.size());
  }
  return {};
}

Result<BytesView> SecureChannel::open(MutableBytes message) {
  if (!receive_.open({}, message)) return fail(Code::kBroken, "noise: a message does not authenticate");
  return BytesView(message.first(message.size() - kChachaTag));
}

}  // namespace rfs::p2p
