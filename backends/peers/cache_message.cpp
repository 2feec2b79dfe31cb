#include "backends/peers/cache_message.h"

#include <fmt/format.h>

#include <charconv>
#include <climits>
#include <cmath>
#include <nlohmann/json.hpp>

#include "backends/cache/provenance.h"
#include "backends/cache/validation.h"
#include "base/json.h"
#include "base/json_members.h"

namespace rfs {
namespace {

constexpr std::size_t kAddressesMost = 50;
constexpr std::size_t kAddressMost = 512;

using Members = std::map<std::string, std::string_view>;

std::string_view member(const Members& members, const char* name) {
  const auto at = members.find(name);
  return at == members.end() ? std::string_view() : at->second;
}

// Absent, or what Python takes for false.
bool falsy(std::string_view value) {
  return value.empty() || value == "null" || value == "false" || value == "0" || value == "{}" || value == "[]" ||
         value == "\"\"";
}

std::optional<double> python_number(std::string_view value) {
  double out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

tl::unexpected<CacheRefusal> refusal(CacheRefusal why) { return tl::unexpected<CacheRefusal>(why); }

tl::expected<CacheArrival, CacheRefusal> arrival_of(const Members& entry) {
  CacheArrival out;
  const std::string_view data = member(entry, "data"), hash = member(entry, "content_hash"),
                         fields = member(entry, "validation_fields");
  const auto timestamp = python_number(member(entry, "timestamp")), ttl = python_number(member(entry, "ttl"));
  if (data.empty() || !timestamp || !ttl || data.size() > kCacheDataMost) return refusal(CacheRefusal::kWrongType);
  out.document = data;
  out.timestamp = *timestamp;
  out.ttl = static_cast<int>(std::clamp(*ttl, -1.0, static_cast<double>(INT_MAX)));
  if (!falsy(hash)) {
    auto text = json_string(hash);
    if (!text) return refusal(CacheRefusal::kWrongType);
    out.content_hash = std::move(*text);
  }
  if (!falsy(fields)) {
    auto canonical = python_text(fields);
    if (!canonical || !fields.starts_with('{')) return refusal(CacheRefusal::kWrongType);
    out.validation_fields = std::move(*canonical);
  }
  if (!out.content_hash.empty() && !out.validation_fields.empty() &&
      !content_hash_is(out.content_hash, out.validation_fields))
    return refusal(CacheRefusal::kWrongType);
  return out;
}

std::string text_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + json_quote(item);
  return "[" + out + "]";
}

}  // namespace

Result<std::string> cache_entry_json(const Entry& entry) {
  if (entry.body->size() > kCacheDataMost) return fail(Code::kTooLarge, "an entry of more than 16 MiB is not shared");
  TRY_ASSIGN(const std::string data, read_all(*entry.body));
  const Provenance provenance = provenance_of(entry);
  const bool hashed = !provenance.content_hash.empty();
  return fmt::format(R"({{"data": {}, "timestamp": {:.6f}, "ttl": {}, "content_hash": {}, "validation_fields": {}}})", data,
                     entry.meta.fetched_at, provenance.ttl, hashed ? json_quote(provenance.content_hash) : "null",
                     hashed ? provenance.validation_fields : "null");
}

Result<std::string> cache_message(const Entry& entry) {
  TRY_ASSIGN(const std::string json, cache_entry_json(entry));
  return fmt::format(R"({{"key": {}, "entry": {}}})", json_quote(entry.key.canonical), json);
}

tl::expected<CacheArrival, CacheRefusal> parse_cache_entry(std::string_view text) {
  const auto entry = json_members(text);
  return entry ? arrival_of(*entry) : refusal(CacheRefusal::kWrongType);
}

tl::expected<CacheArrival, CacheRefusal> parse_cache_message(std::string_view text) {
  const auto message = json_members(text);
  if (!message) return refusal(CacheRefusal::kNotJson);
  const std::string_view key = member(*message, "key"), entry = member(*message, "entry");
  // A key that is empty is one: it is answered as any that cannot be kept.
  if ((falsy(key) && key != "\"\"") || falsy(entry)) return refusal(CacheRefusal::kIncomplete);
  const auto members = json_members(entry);
  if (!key.starts_with('"') || !members) return refusal(CacheRefusal::kWrongType);
  auto out = arrival_of(*members);
  // A key with half a character in it is no name of a file: left empty, it is not kept.
  if (auto decoded = json_string(key); out && decoded) out->key = std::move(*decoded);
  return out;
}

std::string exchange_message(const ExchangeMessage& message, double now) {
  return fmt::format(R"({{"addrs": {}, "peers": {}, "ts": {:.3f}}})", text_list(message.addresses), text_list(message.peers),
                     now);
}

Result<ExchangeMessage> parse_exchange_message(std::string_view text) {
  TRY_ASSIGN(const nlohmann::json json, parse_json(text));
  if (!json.is_object()) return fail(Code::kInvalid, "an exchange of peers that is no JSON object");
  ExchangeMessage out;
  const auto take = [&](const char* name, std::vector<std::string>& into) {
    const auto list = json.find(name);
    if (list == json.end() || !list->is_array()) return;
    for (const auto& one : *list) {
      if (into.size() >= kAddressesMost) return;
      if (one.is_string() && one.get_ref<const std::string&>().size() <= kAddressMost) into.push_back(one.get<std::string>());
    }
  };
  take("addrs", out.addresses);
  take("peers", out.peers);
  return out;
}

}  // namespace rfs
