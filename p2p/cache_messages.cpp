#include "p2p/cache_messages.h"

#include <algorithm>

namespace rfs::p2p {
namespace {

enum Type : std::uint8_t {
  kAnnounce = 0x04,
  kGoingAway = 0x05,
  kAsk = 0x10,
  kMiss = 0x20,
  kHave = 0x21,
  kBody = 0x22,
  kBusy = 0x2e,
  kEnd = 0x7f
};

// Reads fields one after the other; whole() is true when all were there and nothing is left.
class Fields {
 public:
  explicit Fields(BytesView bytes) : bytes_(bytes) {}
  template <class Integer>
  Integer number() {
    const BytesView at = take(sizeof(Integer));
    return at.empty() ? Integer{} : read_be<Integer>(at);
  }
  Digest digest() {
    Digest out{};
    const BytesView at = take(out.size());
    std::copy(at.begin(), at.end(), out.begin());
    return out;
  }
  Bytes prefixed() {
    const BytesView at = take(number<std::uint16_t>());
    return {at.begin(), at.end()};
  }
  bool whole() const { return !cut_ && bytes_.empty(); }

 private:
  BytesView take(std::size_t n) {
    cut_ = cut_ || bytes_.size() < n;
    if (cut_) return {};
    const BytesView at = bytes_.first(n);
    bytes_ = bytes_.subspan(n);
    return at;
  }
  BytesView bytes_;
  bool cut_ = false;
};

tl::unexpected<Error> malformed(const char* what) {
  return fail(Code::kBroken, std::string("a malformed ") + what + " frame");
}

Result<CacheFrame> decode_ask(Fields fields) {
  Ask ask;
  const auto by = fields.number<std::uint8_t>();
  const auto n = fields.number<std::uint16_t>();
  if (by < 1 || by > 2 || n == 0 || n > kAskMost) return malformed("ASK");
  ask.by = static_cast<AskBy>(by);
  for (std::uint16_t i = 0; i < n; ++i) ask.wanted.push_back(fields.digest());
  ask.max_len = fields.number<std::uint64_t>();
  ask.deadline_ms = fields.number<std::uint16_t>();
  if (!fields.whole() || ask.max_len > kBodyMost) return malformed("ASK");
  return ask;
}

Result<CacheFrame> decode_have(Fields fields) {
  Have have;
  have.index = fields.number<std::uint16_t>();
  have.kind = fields.number<std::uint8_t>();
  have.proof = fields.number<std::uint8_t>();
  have.fetched_at = fields.number<std::uint64_t>();
  have.raw_len = fields.number<std::uint64_t>();
  have.sha256 = fields.digest();
  have.attestation = fields.prefixed();
  if (!fields.whole() || have.index >= kAskMost || have.kind < 1 || have.kind > 3 || have.proof < 1 || have.proof > 3 ||
      have.raw_len > kBodyMost)
    return malformed("HAVE");
  return have;
}

Result<CacheFrame> decode_announce(Fields fields) {
  Announce announce;
  const auto n = fields.number<std::uint16_t>();
  if (n == 0 || n > kAnnounceMost) return malformed("ANNOUNCE");
  for (std::uint16_t i = 0; i < n; ++i) {
    Announcement one;
    one.id = fields.digest();
    one.size_log2 = fields.number<std::uint32_t>();
    one.fetched_at = fields.number<std::uint64_t>();
    announce.entries.push_back(one);
  }
  if (!fields.whole()) return malformed("ANNOUNCE");
  return announce;
}

}  // namespace

Bytes encode(const Ask& ask) {
  Bytes out{kAsk, static_cast<std::uint8_t>(ask.by)};
  append_be(out, static_cast<std::uint16_t>(ask.wanted.size()));
  for (const Digest& one : ask.wanted) append(out, BytesView(one));
  append_be(out, ask.max_len);
  append_be(out, ask.deadline_ms);
  return out;
}

Bytes encode(const Miss& miss) {
  Bytes out{kMiss};
  append_be(out, miss.index);
  return out;
}

Bytes encode(const Have& have) {
  Bytes out{kHave};
  append_be(out, have.index);
  out.push_back(have.kind);
  out.push_back(have.proof);
  append_be(out, have.fetched_at);
  append_be(out, have.raw_len);
  append(out, BytesView(have.sha256));
  append_lp(out, BytesView(have.attestation));
  return out;
}

Bytes encode(const BodyPiece& piece) {
  Bytes out;
  out.reserve(piece.bytes.size() + 1);
  out.push_back(kBody);
  append(out, piece.bytes);
  return out;
}

Bytes encode(const Busy& busy) {
  Bytes out{kBusy};
  append_be(out, busy.retry_ms);
  return out;
}

Bytes encode(const Announce& announce) {
  Bytes out{kAnnounce};
  append_be(out, static_cast<std::uint16_t>(announce.entries.size()));
  for (const Announcement& one : announce.entries) {
    append(out, BytesView(one.id));
    append_be(out, one.size_log2);
    append_be(out, one.fetched_at);
  }
  return out;
}

Bytes encode(const GoingAway& away) { return {kGoingAway, away.reason}; }
Bytes encode(const EndMark&) { return {kEnd}; }

Result<CacheFrame> decode_cache_frame(BytesView plaintext) {
  if (plaintext.empty()) return malformed("empty");
  Fields fields(plaintext.subspan(1));
  switch (plaintext[0]) {
    case kAsk:
      return decode_ask(fields);
    case kHave:
      return decode_have(fields);
    case kAnnounce:
      return decode_announce(fields);
    case kBody:
      if (plaintext.size() == 1) return malformed("BODY");
      return BodyPiece{plaintext.subspan(1)};
    case kMiss: {
      const Miss miss{fields.number<std::uint16_t>()};
      if (!fields.whole() || miss.index >= kAskMost) return malformed("MISS");
      return miss;
    }
    case kBusy: {
      const Busy busy{fields.number<std::uint16_t>()};
      if (!fields.whole()) return malformed("BUSY");
      return busy;
    }
    case kGoingAway: {
      const GoingAway away{fields.number<std::uint8_t>()};
      if (!fields.whole()) return malformed("GOAWAY");
      return away;
    }
    case kEnd:
      if (!fields.whole()) return malformed("END");
      return EndMark{};
    default:
      return fail(Code::kBroken, "a frame of no known type");
  }
}

}  // namespace rfs::p2p
