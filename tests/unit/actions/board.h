// A board as REST lists it, and a cache service that keeps what is stored, for tests of beacons.
#pragma once

#include <fmt/format.h>

#include "backends/actions/beacon.h"
#include "tests/catch.h"
#include "tests/unit/actions/script.h"

namespace rfs::test {

inline constexpr double kBoardNow = 1'700'000'000;
inline constexpr const char* kNetwork = "ipfs-datasets-py-cache";

inline SecretBytes key_of_board(std::uint8_t fill = 7) {
  SecretBytes out(32);
  std::fill_n(out.reveal_mutable().data(), 32, fill);
  return out;
}

inline Beacon peer_beacon(std::uint8_t peer, double seen) {
  return {Bytes(38, peer), seen, {"/ip4/10.0.0.1/tcp/9000", "/ip4/192.0.2.7/tcp/9001"}};
}

// The caches of a repository as REST lists them, newest first.
struct Board {
  std::vector<std::pair<std::uint64_t, std::string>> entries;
  bool may_remove = true;
  int revision = 1;
  Script script{[this](const HttpRequest& request) { return answer(request); }};
  Web web{script, impatient()};
  BeaconBoard board{options(), keys(), [] { return bearer(SecretBytes::copy_of("job-token")); }, web};

  static std::vector<SecretBytes> keys() {
    std::vector<SecretBytes> out;
    out.push_back(key_of_board());
    out.push_back(key_of_board(6));  // the one before a rotation
    return out;
  }

  static BeaconOptions options() {
    BeaconOptions out;
    out.api_url = "https://api.example";
    out.repository = "octo/hello";
    out.user_agent = "runnerfs/test";
    out.network_id = kNetwork;
    return out;
  }
  void hang(const Beacon& one) {
    const auto text = encode_beacon(key_of_board(), kNetwork, one);
    REQUIRE(text);
    entries.insert(entries.begin(), {entries.size() + 1, *text});
    ++revision;
  }
  HttpResult answer(const HttpRequest& request) {
    if (request.method == "DELETE") {
      if (!may_remove) return says(403);
      const auto id = std::stoull(request.url.substr(request.url.rfind('/') + 1));
      std::erase_if(entries, [&](const auto& one) { return one.first == id; });
      ++revision;
      return says(204);
    }
    const std::string tag = fmt::format("\"{}\"", revision);
    if (Script::header(request, "If-None-Match") == tag) return says(304);
    const std::size_t page = std::stoull(request.url.substr(request.url.rfind('=') + 1));
    std::string list;
    for (std::size_t i = (page - 1) * 100; i < std::min(entries.size(), page * 100); ++i)
      list += fmt::format("{}{{\"id\":{},\"key\":\"{}\"}}", list.empty() ? "" : ",", entries[i].first, entries[i].second);
    return says(200, "{\"actions_caches\":[" + list + "]}", {{"ETag", tag}});
  }
};

class Kept final : public CacheService {
 public:
  std::vector<std::string> keys;
  std::optional<Error> refusal;
  Result<std::optional<CacheHit>> find(const CacheKeys&) override { return std::nullopt; }
  Result<> store(const std::string& key, const std::string& version, int, std::uint64_t size) override {
    CHECK(version.size() == 64);
    CHECK(size == 1);
    if (refusal) return fail(*refusal);
    keys.push_back(key);
    return {};
  }
};

}  // namespace rfs::test
