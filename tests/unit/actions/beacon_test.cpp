#include "backends/actions/beacon.h"

#include <fmt/format.h>

#include "base/encode.h"
#include "tests/catch.h"
#include "tests/unit/actions/script.h"

using namespace rfs;
using namespace rfs::test;

namespace {

constexpr double kBoardNow = 1'700'000'000;
constexpr const char* kNetwork = "ipfs-datasets-py-cache";

SecretBytes key_of_board(std::uint8_t fill = 7) {
  SecretBytes out(32);
  std::fill_n(out.reveal_mutable().data(), 32, fill);
  return out;
}

Beacon peer_beacon(std::uint8_t peer, double seen) {
  return {Bytes(38, peer), seen, {"/ip4/10.0.0.1/tcp/9000", "/ip4/192.0.2.7/tcp/9001"}};
}

// The caches of a repository as REST lists them, newest first.
struct Board {
  std::vector<std::pair<std::uint64_t, std::string>> entries;
  bool may_remove = true;
  int revision = 1;
  Script script{[this](const HttpRequest& request) { return answer(request); }};
  Web web{script, impatient()};
  BeaconBoard board{options(), key_of_board(), bearer(SecretBytes::copy_of("job-token")), web};

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
  Result<std::optional<CacheHit>> find(const CacheKeys&) override { return std::nullopt; }
  Result<> store(const std::string& key, const std::string& version, int, std::uint64_t size) override {
    CHECK(version.size() == 64);
    CHECK(size == 1);
    keys.push_back(key);
    return {};
  }
};

}  // namespace

TEST_CASE("a beacon is opened again by who holds the key, and by nobody else") {
  const auto text = encode_beacon(key_of_board(), kNetwork, peer_beacon(1, kBoardNow));
  REQUIRE(text);
  CHECK(text->size() <= 512);
  CHECK(text->find(',') == std::string::npos);
  const auto opened = decode_beacon(key_of_board(), kNetwork, *text);
  REQUIRE(opened);
  CHECK(opened->peer_id == Bytes(38, 1));
  CHECK(opened->seen == kBoardNow);
  CHECK(opened->addrs == peer_beacon(1, 0).addrs);
  CHECK_FALSE(decode_beacon(key_of_board(8), kNetwork, *text));
  CHECK_FALSE(decode_beacon(key_of_board(), "another-network", *text));
  for (std::size_t at = 0; at < text->size(); ++at) {
    std::string bad = *text;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    CHECK_FALSE(decode_beacon(key_of_board(), kNetwork, bad));
    CHECK_FALSE(decode_beacon(key_of_board(), kNetwork, text->substr(0, at)));
  }
}

TEST_CASE("addresses that do not fit are left out, from the end") {
  Beacon many = peer_beacon(1, kBoardNow);
  for (int i = 0; i < 30; ++i) many.addrs.push_back(fmt::format("/ip6/2001:db8::{}/tcp/9000", i));
  many.addrs.push_back(std::string(4'000, 'x'));
  const auto text = encode_beacon(key_of_board(), kNetwork, many);
  REQUIRE(text);
  CHECK(text->size() <= 512);
  const auto opened = decode_beacon(key_of_board(), kNetwork, *text);
  REQUIRE(opened);
  CHECK(opened->addrs.size() > 4);
  CHECK(opened->addrs[0] == many.addrs[0]);
  many.addrs = {std::string(201, 'x')};
  CHECK(encode_beacon(key_of_board(), kNetwork, many).error().code == Code::kTooLarge);
}

TEST_CASE("the board lists each living peer once, and itself not") {
  Board b;
  b.hang(peer_beacon(2, kBoardNow - 2'000));                      // over
  b.hang(peer_beacon(1, kBoardNow - 100));                        // ourselves
  b.hang({Bytes(38, 3), kBoardNow - 400, {"/ip4/10.0.0.3/tcp/9000"}});
  b.hang({Bytes(38, 3), kBoardNow - 100, {"/ip4/10.0.0.33/tcp/9000"}});
  b.hang(peer_beacon(4, kBoardNow + 1'000));                      // from the future
  b.entries.insert(b.entries.begin(), {90, "rfs-beacon1-nonsense"});
  b.entries.insert(b.entries.begin(), {91, *encode_beacon(key_of_board(9), kNetwork, peer_beacon(5, kBoardNow))});
  const auto listed = b.board.list(Bytes(38, 1), kBoardNow);
  REQUIRE(listed);
  REQUIRE(listed->size() == 1);
  CHECK((*listed)[0].addrs == std::vector<std::string>{"/ip4/10.0.0.33/tcp/9000"});
  CHECK(b.script.asked[0].authorization == "Bearer job-token");
  CHECK(b.script.asked[0].url.find("key=rfs-beacon1-&sort=created_at&direction=desc") != std::string::npos);
  // Nothing has changed: free of quota, and the same answer.
  REQUIRE(b.board.list(Bytes(38, 1), kBoardNow)->size() == 1);
}

TEST_CASE("only the newest 200 are looked at") {
  Board b;
  b.hang(peer_beacon(9, kBoardNow));
  for (int i = 0; i < 200; ++i) b.entries.insert(b.entries.begin(), {1'000 + i, "rfs-beacon1-nonsense"});
  CHECK(b.board.list(Bytes(), kBoardNow)->empty());
  CHECK(b.script.asked.size() == 2);
  b.entries.erase(b.entries.begin());
  ++b.revision;
  CHECK(b.board.list(Bytes(), kBoardNow)->size() == 1);
}

TEST_CASE("what is over is removed where the token may") {
  Board b;
  b.hang(peer_beacon(2, kBoardNow - 10'000));
  b.hang(peer_beacon(1, kBoardNow - 600));
  b.hang(peer_beacon(1, kBoardNow - 300));
  b.hang(peer_beacon(1, kBoardNow));
  b.hang(peer_beacon(3, kBoardNow - 1'000));  // over, but not for long
  REQUIRE(b.board.list(Bytes(38, 1), kBoardNow));
  b.may_remove = false;
  CHECK(b.board.clean(Bytes(38, 1), kBoardNow) == 0);
  b.may_remove = true;
  CHECK(b.board.clean(Bytes(38, 1), kBoardNow) == 3);
  CHECK(b.entries.size() == 2);
}

TEST_CASE("a beacon is hung up anew every five minutes") {
  Board b;
  Kept service;
  CHECK(*b.board.announce(service, peer_beacon(1, 0), kBoardNow));
  CHECK_FALSE(*b.board.announce(service, peer_beacon(1, 0), kBoardNow + 299));
  CHECK(*b.board.announce(service, peer_beacon(1, 0), kBoardNow + 300));
  REQUIRE(service.keys.size() == 2);
  CHECK(service.keys[0] != service.keys[1]);
  CHECK(decode_beacon(key_of_board(), kNetwork, service.keys[1])->seen == kBoardNow + 300);
}

TEST_CASE("a token that may not list, and an answer that is none") {
  for (const auto& [status, code] : {std::pair{403, Code::kDenied}, {404, Code::kDenied}, {200, Code::kBroken}, {418, Code::kBroken}}) {
    Script script([status = status](const HttpRequest&) -> HttpResult { return says(status, "[]"); });
    Web web(script, impatient());
    BeaconBoard board(Board::options(), key_of_board(), bearer(SecretBytes::copy_of("t")), web);
    CHECK(board.list(Bytes(), kBoardNow).error().code == code);
  }
}
