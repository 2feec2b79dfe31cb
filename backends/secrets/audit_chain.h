// The chain of the audit log, FORMATS D.2, D.3: a MAC over each line's bytes and the line before, under a key that
// evolves with each line and is forgotten. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs::audit {

constexpr std::size_t kMostLine = 4096;  // with its newline
constexpr std::size_t kKey = 32;
// What seal() adds to a body: ,"sum":"…","mac":"…"} and the newline.
constexpr std::size_t kSealed = 8 + 32 + 9 + 64 + 2 + 1;

// mac_n = HMAC-SHA256(Expand(A, "runnerfs/v1/audit/mac"), mac_{n-1} ‖ u32 len(B) ‖ B), A = A_{n-1}.
Digest mac_of(BytesView key, const Digest& before, std::string_view body);
// A_n = Expand(A_{n-1}, "runnerfs/v1/audit/next").
SecretBytes next_key(BytesView key);
// The first 16 bytes of SHA-256(mac_{n-1} ‖ the body before its sum): sees damage where the key is not known.
std::string sum_of(const Digest& before, std::string_view body);

// A whole line of the body `{"seq":…` (no closing brace): its sum, its MAC, the brace and a newline.
struct Sealed {
  std::string line;
  Digest mac;
};
Sealed seal(BytesView key, const Digest& before, std::string body);

// What a line says of its place. The views are into the line.
struct Line {
  std::uint64_t seq = 0;
  std::string_view body;    // what the MAC covers
  std::string_view summed;  // what the sum covers
  std::string_view sum;
  Digest mac{};
};
// Of a line without its newline; nullopt when it is not of the form.
std::optional<Line> parse_line(std::string_view line);
// Whether the line holds together after `before`: its sum, as far as can be told without a key.
bool is_whole(const Line& line, const Digest& before);

// The text or number of a member at the top level or below "details"; "" where there is none. Of lines that seal()
// made: the search is by their exact spelling.
std::string_view member_of(std::string_view line, std::string_view name);
std::uint64_t number_of(std::string_view line, std::string_view name);

}  // namespace rfs::audit
