// The plaintexts of /runnerfs/cache/1.0.0: runnerfs-p2p(7), "Frames". Pure; any thread. Decoders refuse everything that
// the page does not allow, bytes behind the last field too.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace rfs::p2p {

inline constexpr std::size_t kAskMost = 16;
inline constexpr std::size_t kAnnounceMost = 256;
inline constexpr std::uint64_t kBodyMost = 100u << 20;

enum class AskBy : std::uint8_t { kId = 1, kSha256 = 2 };

struct Ask {
  AskBy by = AskBy::kId;
  std::vector<Digest> wanted;
  std::uint64_t max_len = kBodyMost;
  std::uint16_t deadline_ms = 50;
};
struct Miss {
  std::uint16_t index = 0;
};
struct Have {
  std::uint16_t index = 0;
  std::uint8_t kind = 1;   // 1 api, 2 cache, 3 sarif
  std::uint8_t proof = 1;  // 1 origin, 2 etag, 3 git
  std::uint64_t fetched_at = 0;
  std::uint64_t raw_len = 0;
  Digest sha256{};
  Bytes attestation;
};
struct BodyPiece {
  BytesView bytes;  // of the frame that it was decoded from
};
struct Busy {
  std::uint16_t retry_ms = 0;
};
struct Announcement {
  Digest id{};
  std::uint32_t size_log2 = 0;
  std::uint64_t fetched_at = 0;
};
struct Announce {
  std::vector<Announcement> entries;
};
struct GoingAway {
  std::uint8_t reason = 0;
};
struct EndMark {};

using CacheFrame = std::variant<Ask, Miss, Have, BodyPiece, Busy, Announce, GoingAway, EndMark>;

Bytes encode(const Ask& ask);
Bytes encode(const Miss& miss);
Bytes encode(const Have& have);
Bytes encode(const BodyPiece& piece);
Bytes encode(const Busy& busy);
Bytes encode(const Announce& announce);
Bytes encode(const GoingAway& away);
Bytes encode(const EndMark& end);
Result<CacheFrame> decode_cache_frame(BytesView plaintext);

}  // namespace rfs::p2p
