#include "backends/peers/cache_message.h"

#include "backends/cache/provenance.h"
#include "backends/cache/validation.h"
#include "base/json_members.h"
#include "tests/catch.h"
#include "tests/unit/cache/fakes.h"

using namespace rfs;

namespace {

std::string message(const std::string& entry, const std::string& key = "\"a\"") {
  return "{\"key\": " + key + ", \"entry\": " + entry + "}";
}
constexpr const char* kGood = R"({"data": [1], "timestamp": 1700000000.5, "ttl": 300, "content_hash": null, "validation_fields": null})";

std::optional<CacheRefusal> refused(const std::string& text) {
  const auto parsed = parse_cache_message(text);
  if (parsed) return std::nullopt;
  return parsed.error();
}

}  // namespace

TEST_CASE("members of a JSON object are given as they are written") {
  const auto members = json_members(" { \"a\" : [1, {\"b\":\"]}\\\"\"}] ,\"c\":1.50e2,\"a\\u0062\": null,\"a\": \"last\" } ");
  REQUIRE(members);
  CHECK(members->at("a") == "\"last\"");
  CHECK(members->at("c") == "1.50e2");
  CHECK(members->at("ab") == "null");
  CHECK(json_members("{}")->empty());
  CHECK(json_members("{\"a\":[]}")->at("a") == "[]");
  CHECK(json_members("{\"\\ud800\": 1}")->empty());
  for (const char* bad : {"", "[]", "{", "{\"a\"}", "\"{}\"", "{} x"}) CHECK_FALSE(json_members(bad));
}

TEST_CASE("an entry goes out and comes back") {
  auto entry = test::entry_of(EntryKey{Space::kCache, "", "", "get_repo_info:o/r", "", "get_repo_info:o%2Fr"}, R"({"a": 12345678901234567890})", 1700000000.25, 300);
  Provenance provenance;
  provenance.operation = "get_repo_info";
  provenance.ttl = 300;
  provenance.validation_fields = R"({"r": {"pushedAt": null, "updatedAt": "2025-11-06T10:00:00Z"}})";
  provenance.content_hash = content_hash(provenance.validation_fields);
  entry->meta.provenance = provenance_json(provenance, 1700000000.25);
  const auto text = cache_message(*entry);
  REQUIRE(text);
  const auto arrival = parse_cache_message(*text);
  REQUIRE(arrival);
  CHECK(arrival->key == "get_repo_info:o/r");
  CHECK(arrival->document == R"({"a": 12345678901234567890})");
  CHECK(arrival->timestamp == 1700000000.25);
  CHECK(arrival->ttl == 300);
  CHECK(arrival->content_hash == provenance.content_hash);
  CHECK(arrival->validation_fields == provenance.validation_fields);
}

TEST_CASE("what is no entry is refused with its reason") {
  CHECK_FALSE(refused(message(kGood)));
  CHECK(refused("") == CacheRefusal::kNotJson);
  CHECK(refused("[]") == CacheRefusal::kNotJson);
  CHECK(refused("{\"key\": \"a\", \"entry\": {\"timestamp\": NaN}}") == CacheRefusal::kNotJson);
  CHECK(refused("{}") == CacheRefusal::kIncomplete);
  CHECK(refused(message("{}")) == CacheRefusal::kIncomplete);
  CHECK(refused(message("null")) == CacheRefusal::kIncomplete);
  CHECK(refused(message(kGood, "null")) == CacheRefusal::kIncomplete);
  CHECK(refused(message(kGood, "7")) == CacheRefusal::kWrongType);
  CHECK(refused(message("\"text\"")) == CacheRefusal::kWrongType);
  for (const char* entry :
       {R"({"timestamp": 1, "ttl": 1})", R"({"data": 1, "ttl": 1})", R"({"data": 1, "timestamp": 1})",
        R"({"data": 1, "timestamp": "1", "ttl": 1})", R"({"data": 1, "timestamp": 1e999, "ttl": 1})",
        R"({"data": 1, "timestamp": true, "ttl": 1})", R"({"data": 1, "timestamp": 1, "ttl": "1"})",
        R"({"data": 1, "timestamp": 1, "ttl": 1, "content_hash": 7, "validation_fields": {"a": 1}})",
        R"({"data": 1, "timestamp": 1, "ttl": 1, "content_hash": "x", "validation_fields": {"a": 1}})",
        R"({"data": 1, "timestamp": 1, "ttl": 1, "content_hash": "x", "validation_fields": [1]})"}) {
    INFO(entry);
    CHECK(refused(message(entry)) == CacheRefusal::kWrongType);
  }
}

TEST_CASE("a hash of fields that are empty is not looked at, as there") {
  CHECK_FALSE(refused(message(R"({"data": 1, "timestamp": 1, "ttl": 1, "content_hash": "x", "validation_fields": {}})")));
  CHECK_FALSE(refused(message(R"({"data": 1, "timestamp": 1, "ttl": 1, "content_hash": "", "validation_fields": {"a": 1}})")));
}

TEST_CASE("times beyond all bounds are bounded; keys that are none come through as such") {
  const auto huge = parse_cache_message(message(R"({"data": 1, "timestamp": 1, "ttl": 1e300})"));
  REQUIRE(huge);
  CHECK(huge->ttl == INT_MAX);
  CHECK(parse_cache_message(message(R"({"data": 1, "timestamp": 1, "ttl": -5})"))->ttl == -1);
  CHECK(parse_cache_message(message(kGood, "\"\""))->key.empty());
  CHECK(parse_cache_message(message(kGood, "\"\\ud800\""))->key.empty());
}

TEST_CASE("an exchange of peers") {
  const auto back = parse_exchange_message(exchange_message({{"/ip4/8.8.8.8/tcp/1"}, {"/ip4/9.9.9.9/tcp/2"}}, 1700000000.5));
  REQUIRE(back);
  CHECK(back->addresses == std::vector<std::string>{"/ip4/8.8.8.8/tcp/1"});
  CHECK(back->peers == std::vector<std::string>{"/ip4/9.9.9.9/tcp/2"});
  CHECK_FALSE(parse_exchange_message("[]"));
  CHECK_FALSE(parse_exchange_message("{"));
  CHECK(parse_exchange_message(R"({"addrs": 7, "peers": [1, null, "ok"]})")->peers == std::vector<std::string>{"ok"});
  std::string many = "{\"peers\": [";
  for (int i = 0; i < 80; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\"";
  CHECK(parse_exchange_message(many + "]}")->peers.size() == 50);
  CHECK(parse_exchange_message("{\"addrs\": [\"" + std::string(600, 'x') + "\"]}")->addresses.empty());
}
