// The messages of /github-cache/1.0.0 and its peer exchange: JSON in, facts out, and back. runnerfs-p2p(7), "The Python
// implementation". Pure; any thread; everything comes from strangers who hold the network's secret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/cache/cache.h"
#include "backends/entry.h"
#include "base/result.h"

namespace rfs {

inline constexpr std::size_t kCacheDataMost = 16u << 20;  // bytes of an entry's data

// {"key": …, "entry": {…}}, of an entry of cache/. kTooLarge: its data exceeds 16 MiB.
Result<std::string> cache_message(const Entry& entry);
// The entry object alone: what members give each other.
Result<std::string> cache_entry_json(const Entry& entry);

// What is wrong with a message, and so how it is answered.
enum class CacheRefusal {
  kNotJson,     // "ERROR: Decryption failed": what decrypts to no JSON object does not count as decrypted
  kIncomplete,  // "ERROR: Invalid format": no key or no entry
  kWrongType,   // the end of the stream alone, as for a hash that does not fit
};
tl::expected<CacheArrival, CacheRefusal> parse_cache_message(std::string_view text);
tl::expected<CacheArrival, CacheRefusal> parse_cache_entry(std::string_view text);

// {"addrs": […], "peers": […], "ts": seconds}
struct ExchangeMessage {
  std::vector<std::string> addresses;  // of the sender
  std::vector<std::string> peers;      // whom it knows; at most 50 are taken
};
std::string exchange_message(const ExchangeMessage& message, double now);
// kInvalid: no such object. Addresses that are no text, or longer than 512 bytes, are left out.
Result<ExchangeMessage> parse_exchange_message(std::string_view text);

}  // namespace rfs
