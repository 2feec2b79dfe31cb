#include "crypto/kdf.h"

#include "crypto/cid.h"
#include "crypto/hash.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

TEST_CASE("SHA-256 agrees with FIPS 180-4, whole and in pieces") {
  CHECK(hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256(view("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256(view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Bytes million(1'000'000, 'a');
  CHECK(hex(sha256(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  Sha256 pieces;
  for (std::size_t at = 0; at < million.size(); at += 7'777)
    pieces.update(BytesView(million).subspan(at, std::min<std::size_t>(7'777, million.size() - at)));
  CHECK(pieces.finish() == sha256(million));
}

TEST_CASE("HMAC-SHA256 agrees with RFC 4231") {
  CHECK(hex(hmac_sha256(Bytes(20, 0x0b), view("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256(view("Jefe"), {view("what do ya want "), view("for nothing?")})) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256(Bytes(131, 0xaa), view("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hex(hmac_sha256(BytesView(), BytesView())) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("HKDF-SHA256 agrees with RFC 5869, A.1 to A.3") {
  Bytes ikm(22, 0x0b);
  CHECK(hex(hkdf_extract(counting(0, 13), ikm).reveal()) ==
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  CHECK(hex(hkdf(ikm, counting(0, 13), counting(0xf0, 10), 42).reveal()) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(hex(hkdf_extract(counting(0x60, 80), counting(0, 80)).reveal()) ==
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
  CHECK(hex(hkdf(counting(0, 80), counting(0x60, 80), counting(0xb0, 80), 82).reveal()) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09"
        "b8367793a"
        "9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(hex(hkdf_extract({}, ikm).reveal()) == "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
  CHECK(hex(hkdf(ikm, {}, {}, 42).reveal()) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("PBKDF2-HMAC-SHA256 agrees with RFC 7914, section 11") {
  CHECK(hex(pbkdf2_sha256(view("passwd"), view("salt"), 1, 64).reveal()) ==
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
        "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
  CHECK(hex(pbkdf2_sha256(view("Password"), view("NaCl"), 80'000, 64).reveal()) ==
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
        "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d");
}

TEST_CASE("PBKDF2 takes an empty password for one") {
  CHECK(hex(pbkdf2_sha256({}, view("salt"), 1, 32).reveal()) ==
        "f135c27993baf98773c5cdb40a5706ce6a345cde61b000a67858650cd6a324d7");
}

TEST_CASE("a validation hash is the reference's CIDv1") {
  CHECK(cid_v1_raw(view("hello world")) == "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
  CHECK(cid_v1_raw({}) == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
}

TEST_CASE("a content hash matches as CID or as SHA-256 in hexadecimal, and as nothing else") {
  BytesView content = view("hello world");
  std::string cid = cid_v1_raw(content), digest = hex(sha256(content));
  CHECK(content_hash_matches(cid, content));
  CHECK(content_hash_matches(digest, content));
  CHECK_FALSE(content_hash_matches(cid, view("hello worle")));
  CHECK_FALSE(content_hash_matches(digest, view("hello worle")));
  CHECK_FALSE(content_hash_matches(cid + "a", content));
  CHECK_FALSE(content_hash_matches(cid.substr(1), content));
  CHECK_FALSE(content_hash_matches("", content));
  digest[0] = 'g';
  CHECK_FALSE(content_hash_matches(digest, content));
}
