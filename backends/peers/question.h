// Question: one pseudonym asked of several members at once. The first whole body wins, and the others are cancelled.
// Loop thread.
//
// The deadline is for a first word: a small body is raced for; a large one is taken from the first who has it, who then
// has to keep it coming. A member that says nothing by the deadline may still answer for a while, so that a slow one is
// told from a dead one; what it sends then is thrown away.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "p2p/cache_protocol.h"
#include "p2p/loop.h"

namespace rfs {

struct PeerBody {
  p2p::PeerId peer;
  p2p::Have have;
  std::string bytes;
};

// How a member did. kLate, nothing by the deadline, may be followed by kCameLate.
enum class MemberDid { kHad, kMissed, kBusy, kLate, kCameLate, kFailed };

struct QuestionEvents {
  // Nullopt: nobody has it, or nobody said so in time. Once.
  std::function<void(std::optional<PeerBody>)> done;
  std::function<void(const p2p::PeerId&, MemberDid, Millis took)> told;
  // Bytes of bodies under way, of all questions; false: there is no room for more.
  std::function<bool(std::int64_t change)> hold;
};

struct Question {
  Digest id{};
  std::uint8_t kind = 1;  // Have::kind
  std::uint64_t max_len = p2p::kBodyMost;
  Millis deadline{50};
};

void ask_members(p2p::CacheProtocol& protocol, p2p::Loop& loop, const std::vector<p2p::Connection*>& members,
                 const Question& question, QuestionEvents events);

}  // namespace rfs
