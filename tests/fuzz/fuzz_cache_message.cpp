// libFuzzer: what is inside the tokens of peers of the Python implementation, and the entries that members give. Beside not
// crashing: what is taken is within its bounds, and its hash is that of its fields.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "backends/cache/validation.h"
#include "backends/peers/cache_message.h"

namespace {

using namespace rfs;

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

void check(const CacheArrival& arrival, std::size_t size) {
  require(!arrival.document.empty() && arrival.document.size() <= size && arrival.document.size() <= kCacheDataMost);
  require(std::isfinite(arrival.timestamp) && arrival.ttl >= -1);
  if (!arrival.content_hash.empty() && !arrival.validation_fields.empty())
    require(content_hash_is(arrival.content_hash, arrival.validation_fields));
}

void exchange(std::string_view text) {
  const auto message = parse_exchange_message(text);
  if (!message) return;
  require(message->addresses.size() <= 50 && message->peers.size() <= 50);
  for (const auto* list : {&message->addresses, &message->peers})
    for (const std::string& one : *list) require(one.size() <= 512);
  // What we would say of it is read as it was said.
  const auto again = parse_exchange_message(exchange_message(*message, 1'700'000'000));
  require(again && again->addresses == message->addresses && again->peers == message->peers);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = rfs::text({data, size});
  if (const auto arrival = parse_cache_message(text)) check(*arrival, size);
  if (const auto arrival = parse_cache_entry(text)) check(*arrival, size);
  exchange(text);
  return 0;
}
