#include "backends/secrets/audit_chain.h"

#include <charconv>

#include "base/encode.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace rfs::audit {
namespace {

constexpr std::string_view kSeq = "{\"seq\":", kSum = ",\"sum\":\"", kMac = "\",\"mac\":\"", kEnd = "\"}";
constexpr std::size_t kSumDigits = 32, kMacDigits = 64;

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

}  // namespace

Digest mac_of(BytesView key, const Digest& before, std::string_view body) {
  Bytes length;
  append_be(length, static_cast<std::uint32_t>(body.size()));
  const SecretBytes mac_key = hkdf_expand(key, view("runnerfs/v1/audit/mac"));
  return hmac_sha256(mac_key.reveal(), {before, length, view(body)});
}

SecretBytes next_key(BytesView key) { return hkdf_expand(key, view("runnerfs/v1/audit/next")); }

std::string sum_of(const Digest& before, std::string_view body) {
  Bytes text(before.begin(), before.end());
  append(text, body);
  return hex(BytesView(sha256(text)).first(kSumDigits / 2));
}

Sealed seal(BytesView key, const Digest& before, std::string body) {
  const std::string sum = sum_of(before, body);
  body += kSum;
  body += sum;
  body += '"';
  Sealed sealed;
  sealed.mac = mac_of(key, before, body);
  sealed.line = std::move(body);
  sealed.line += kMac.substr(1);
  sealed.line += hex(sealed.mac);
  sealed.line += kEnd;
  sealed.line += '\n';
  return sealed;
}

std::optional<Line> parse_line(std::string_view line) {
  constexpr std::size_t kTail = kSum.size() + kSumDigits + kMac.size() + kMacDigits + kEnd.size();
  if (line.size() + 1 > kMostLine || line.size() < kSeq.size() + kTail || !line.starts_with(kSeq)) return std::nullopt;
  std::size_t at = line.size() - kTail;
  Line out;
  out.summed = line.substr(0, at);
  out.body = line.substr(0, at + kSum.size() + kSumDigits + 1);
  const auto take = [&](std::size_t size) { return line.substr(std::exchange(at, at + size), size); };
  const bool sum_there = take(kSum.size()) == kSum;
  out.sum = take(kSumDigits);
  const bool mac_there = take(kMac.size()) == kMac;
  const std::string_view mac = take(kMacDigits);
  if (!sum_there || !mac_there || take(kEnd.size()) != kEnd || !is_hex(out.sum) || !is_hex(mac)) return std::nullopt;
  const auto bytes = unhex(mac);
  if (!bytes) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.mac.begin());
  const char *first = line.data() + kSeq.size(), *last = out.summed.data() + out.summed.size();
  const auto [end, error] = std::from_chars(first, last, out.seq);
  if (error != std::errc() || end == first || end == last || *end != ',' || *first == '0') return std::nullopt;
  return out;
}

bool is_whole(const Line& line, const Digest& before) { return sum_of(before, line.summed) == line.sum; }

std::string_view member_of(std::string_view line, std::string_view name) {
  // Inside a text every quote is escaped, so that the spelling below is found at a member only.
  const std::string spelling = "\"" + std::string(name) + "\":";
  for (std::size_t at = line.find(spelling); at != std::string_view::npos; at = line.find(spelling, at + 1)) {
    if (at == 0 || (line[at - 1] != ',' && line[at - 1] != '{')) continue;
    std::string_view value = line.substr(at + spelling.size());
    if (!value.starts_with('"')) return value.substr(0, value.find_first_of(",}"));
    value.remove_prefix(1);
    for (std::size_t end = 0; end < value.size(); ++end) {
      if (value[end] == '\\')
        ++end;
      else if (value[end] == '"')
        return value.substr(0, end);
    }
    return {};
  }
  return {};
}

std::uint64_t number_of(std::string_view line, std::string_view name) {
  const std::string_view text = member_of(line, name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace rfs::audit
