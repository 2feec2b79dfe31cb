#include "backends/actions/beacon.h"

#include <fmt/format.h>

#include "base/encode.h"
#include "tests/unit/actions/board.h"

using namespace rfs;
using namespace rfs::test;

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

TEST_CASE("a token that may not remove is not asked to again for an hour") {
  Board b;
  b.hang(peer_beacon(1, kBoardNow - 300));
  b.hang(peer_beacon(1, kBoardNow));
  REQUIRE(b.board.list(Bytes(38, 1), kBoardNow));
  b.may_remove = false;
  const std::size_t before = b.script.asked.size();
  CHECK(b.board.clean(Bytes(38, 1), kBoardNow) == 0);
  b.may_remove = true;
  CHECK(b.board.clean(Bytes(38, 1), kBoardNow + 3'599) == 0);
  CHECK(b.script.asked.size() == before + 1);
  CHECK(b.board.clean(Bytes(38, 1), kBoardNow + 3'600) == 1);
}

TEST_CASE("a beacon of the secret before a rotation is opened, and none is hung up under it") {
  Board b;
  b.entries.insert(b.entries.begin(), {7, *encode_beacon(key_of_board(6), kNetwork, peer_beacon(2, kBoardNow))});
  CHECK(b.board.list(Bytes(38, 1), kBoardNow)->size() == 1);
  Kept service;
  REQUIRE(b.board.announce(service, peer_beacon(1, 0), kBoardNow));
  CHECK(decode_beacon(key_of_board(), kNetwork, service.keys.at(0)));
}

TEST_CASE("a token that may not list, and an answer that is none") {
  for (const auto& [status, code] : {std::pair{403, Code::kDenied}, {404, Code::kDenied}, {200, Code::kBroken}, {418, Code::kBroken}}) {
    Script script([status = status](const HttpRequest&) -> HttpResult { return says(status, "[]"); });
    Web web(script, impatient());
    BeaconBoard board(Board::options(), Board::keys(), [] { return nullptr; }, web);
    CHECK(board.list(Bytes(), kBoardNow).error().code == code);
  }
}
