// Peer ids, multiaddrs and the messages that carry them.
#include "p2p/base_x.h"
#include "p2p/messages.h"
#include "p2p/multiaddr.h"
#include "p2p/varint.h"
#include "tests/unit/p2p/vectors.h"

using namespace rfs;
using namespace rfs::p2p;
using namespace rfs::test;

TEST_CASE("an Ed25519 identity has the peer id of the specification") {
  const Bytes serialized = from_hex("080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e");
  CHECK(PeerId::of_public_key(serialized).text() == "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq");
  CHECK(PeerId::of(identity(1).public_key()).text() == kIdOne);
  CHECK(hex(PeerId::of(identity(2).public_key()).bytes()) ==
        "0024080112208139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394");
  CHECK(hex(serialize_public_key(identity(1).public_key())) ==
        "080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c");
}

TEST_CASE("a peer id is read in each of its spellings") {
  const auto id = PeerId::parse(kIdOne);
  REQUIRE(id);
  CHECK(id->text() == kIdOne);
  CHECK(PeerId::parse("bafzaajaiaejcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324").value() == *id);
  Bytes cid = from_hex("0172");
  append(cid, id->bytes());
  CHECK(PeerId::parse("k" + encode_base_x(kBase36, cid)).value() == *id);
  CHECK(PeerId::parse("z" + encode_base_x(kBase58, cid)).value() == *id);
  const auto rsa = PeerId::parse("QmaeANgBs1DTSxWSrPPtobgQuxW8XTfsS4ydbK4rCHzqxG");
  REQUIRE(rsa);
  CHECK(hex(rsa->bytes()) == "1220b6c8a8c0a3105fc27afca4fb1173791f038e4343fd56b7c67b616dbc30a04ccd");
  CHECK(PeerId::parse("bafzbeifwzcumbiyql7bhv7fe7mixg6i7aohegq75k234m63bnw6dbicmzu").value() == *rsa);
  CHECK(id->brief() == "…" + std::string(kIdOne.substr(kIdOne.size() - 8)));
}

TEST_CASE("what is no peer id is refused") {
  for (std::string_view text : {"", "1", "Qm", "QmaeANgBs1DTSxWSrPPtobgQuxW8XTfsS4ydbK4rCHzqx0", "12D3KooWK99VoVxN",
                                "bafkreig3drje2aeknlk4fcgpf6hve4kd36tk2lkaem6jo3zp46rjt37lfa", "xyz12345678"})
    CHECK_FALSE(PeerId::parse(text));
  CHECK_FALSE(PeerId::parse(std::string(5000, '1')));
  CHECK_FALSE(PeerId::from_bytes(from_hex("1220b6")));
  CHECK_FALSE(PeerId::from_bytes(from_hex("1320b6c8a8c0a3105fc27afca4fb1173791f038e4343fd56b7c67b616dbc30a04ccd")));
}

TEST_CASE("multiaddrs have the bytes of the specification and come back as the same text") {
  const std::pair<std::string, std::string> kVectors[] = {
      {"/ip4/127.0.0.1/tcp/9100", "047f00000106238c"},
      {"/ip6/::1/tcp/9100", "290000000000000000000000000000000106238c"},
      {"/dns4/ci.example/tcp/9100", "360a63692e6578616d706c6506238c"},
      {"/dns/ci.example/tcp/9100", "350a63692e6578616d706c6506238c"},
      {"/ip4/127.0.0.1/tcp/9100/p2p/" + std::string(kIdOne),
       "047f00000106238ca503260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"},
      {"/ip4/10.0.0.1/udp/4001/quic-v1", "040a00000191020fa1cd03"},
  };
  for (const auto& [text, bytes] : kVectors) {
    const auto address = Multiaddr::parse(text);
    REQUIRE(address);
    CHECK(hex(address->bytes()) == bytes);
    const auto back = Multiaddr::from_bytes(from_hex(bytes));
    REQUIRE(back);
    CHECK(back->text() == text);
    CHECK(*back == *address);
  }
}

TEST_CASE("the endpoint of an address is what TCP can dial") {
  const auto address = Multiaddr::parse("/dns4/ci.example/tcp/9000/ipfs/" + std::string(kIdOne));
  REQUIRE(address);
  CHECK(address->text() == "/dns4/ci.example/tcp/9000/p2p/" + std::string(kIdOne));
  REQUIRE(address->endpoint());
  CHECK(address->endpoint()->is_name());
  CHECK(to_text(*address->endpoint()) == "ci.example:9000");
  CHECK(address->peer().text() == kIdOne);
  CHECK(address->without_peer().text() == "/dns4/ci.example/tcp/9000");
  CHECK(to_text(*Multiaddr::parse("/ip6/fe80::1/tcp/1")->endpoint()) == "[fe80::1]:1");
  CHECK(Multiaddr::of(*address->endpoint(), address->peer()) == *address);
  for (const char* text : {"/ip4/1.2.3.4/udp/1", "/ip4/1.2.3.4/tcp/1/ws", "/ip4/1.2.3.4", "/unix/tmp/x",
                           "/ip4/1.2.3.4/tcp/1/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5/p2p-circuit"})
    CHECK_FALSE(Multiaddr::parse(text)->endpoint());
}

TEST_CASE("malformed multiaddrs are refused with a reason") {
  for (const char* text : {"", "/", "ip4/1.2.3.4", "/ip4/1.2.3.4.5/tcp/1", "/ip4/1.2.3.4/tcp/65536",
                           "/ip4/1.2.3.4/tcp/", "/ip4/1.2.3.4/tcp/+1", "/ip4//tcp/1", "/http/x", "/dns4/a b/tcp/1",
                           "/ip6/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/9000/p2p/QmPeerID"}) {
    const auto refused = Multiaddr::parse(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kInvalid);
    CHECK_FALSE(refused.error().hint.empty());
  }
  CHECK_FALSE(Multiaddr::parse("/dns4/" + std::string(2000, 'a') + "/tcp/1"));
  for (const char* bytes : {"", "04", "047f0000", "06238c05", "3600", "360161ff", "a50301", "ffffffffffffffffffff01"})
    CHECK_FALSE(Multiaddr::from_bytes(from_hex(bytes)));
}

TEST_CASE("addresses are told apart by where they lead") {
  CHECK(reach_of("127.0.0.1") == Reach::kLoopback);
  CHECK(reach_of("::1") == Reach::kLoopback);
  CHECK(reach_of("::ffff:127.0.0.1") == Reach::kLoopback);
  CHECK(reach_of("169.254.169.254") == Reach::kLinkLocal);
  CHECK(reach_of("fe80::1") == Reach::kLinkLocal);
  for (const char* ip :
       {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1"})
    CHECK(reach_of(ip) == Reach::kPrivate);
  for (const char* ip : {"0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "nonsense", ""})
    CHECK(reach_of(ip) == Reach::kNowhere);
  for (const char* ip : {"192.0.2.7", "172.32.0.1", "2001:db8::1"}) CHECK(reach_of(ip) == Reach::kPublic);
}

TEST_CASE("varints are minimal and end") {
  const auto take = [](std::string_view digits, std::uint64_t& value) {
    const Bytes bytes = from_hex(digits);
    BytesView rest = bytes;
    return take_uvarint(rest, value);
  };
  std::uint64_t value = 0;
  CHECK(take("00", value) == Varint::kWhole);
  CHECK(take("ffffffffffffffff7f", value) == Varint::kWhole);
  CHECK(value == 0x7fff'ffff'ffff'ffff);
  CHECK(take("80", value) == Varint::kCut);
  CHECK(take("8000", value) == Varint::kBad);
  CHECK(take("ffffffffffffffffff01", value) == Varint::kBad);
  for (std::uint64_t one : {0ull, 1ull, 127ull, 128ull, 16'383ull, 16'384ull, 1ull << 62}) {
    Bytes bytes;
    append_uvarint(bytes, one);
    BytesView rest = bytes;
    CHECK(take_uvarint(rest, value) == Varint::kWhole);
    CHECK(value == one);
    CHECK(rest.empty());
  }
}

TEST_CASE("identify is the vector's message, and its parts come back") {
  Identify message;
  message.public_key = serialize_public_key(identity(1).public_key());
  message.listen_addresses = {Multiaddr::parse("/ip4/127.0.0.1/tcp/9100")->bytes()};
  message.protocols = {"/github-cache/1.0.0", "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"};
  message.observed_address = Multiaddr::parse("/ip4/127.0.0.1/tcp/49152")->bytes();
  message.protocol_version = "ipfs/0.1.0";
  message.agent_version = "runnerfs/0.1.0";
  const Bytes bytes = encode(message);
  CHECK(
      hex(bytes) ==
      "0a24080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c1208047f00000106238c1a132f6769746875"
      "622d63616368652f312e302e301a0e2f697066732f69642f312e302e301a102f697066732f70696e672f312e302e302208047f00000106c0"
      "002a0a697066732f302e312e30320e72756e6e657266732f302e312e30");
  Identify back;
  REQUIRE(decode_identify(bytes, back));
  CHECK(back.protocols == message.protocols);
  CHECK(back.listen_addresses == message.listen_addresses);
  CHECK(back.observed_address == message.observed_address);
  CHECK(back.agent_version == "runnerfs/0.1.0");
}

TEST_CASE("messages of strangers cannot grow without end, and unknown fields are skipped") {
  Identify many;
  many.protocols.assign(5000, "/x");
  many.listen_addresses.assign(5000, Bytes{1});
  Identify back;
  REQUIRE(decode_identify(encode(many), back));
  CHECK(back.protocols.size() == kIdentifyProtocols);
  CHECK(back.listen_addresses.size() == kIdentifyAddresses);
  // Field 3 of the extensions (early data of py-libp2p) and field 9 of the payload mean nothing to us.
  const auto payload =
      decode_noise_payload(from_hex("0a01aa1201bb2207"
                                    "1a01ff"
                                    "12022f79"
                                    "4a0163"));
  REQUIRE(payload);
  CHECK(payload->muxers == std::vector<std::string>{"/y"});
  for (const char* cut : {"0a05aa", "0801", "12", "0a", "ffffffffffffffffffff", "2203120aff"})
    CHECK_FALSE(decode_noise_payload(from_hex(cut)));
  CHECK_FALSE(decode_public_key(from_hex("0801")));
  CHECK_FALSE(decode_public_key(from_hex("120101")));
}
