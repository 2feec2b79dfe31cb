// The vectors of Project Wycheproof that are of our sizes: edge cases that broke other implementations.
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

namespace {

nlohmann::json vectors_of(const std::string& name) {
  const auto text = read_file(std::string(RFS_WYCHEPROOF) + "/" + name + ".json");
  REQUIRE(text);
  auto document = parse_json(*text);
  REQUIRE(document);
  return std::move((*document)["tests"]);
}

Bytes bytes_of(const nlohmann::json& vector, const char* member) { return from_hex(vector[member].get<std::string>()); }

}  // namespace

TEST_CASE("AES-256-GCM passes Wycheproof") {
  int accepted = 0, refused = 0;
  for (const auto& vector : vectors_of("aes_256_gcm")) {
    INFO("tcId " << vector["tcId"].get<int>() << " " << vector["comment"].get<std::string>());
    const Bytes key = bytes_of(vector, "key"), iv = bytes_of(vector, "iv"), aad = bytes_of(vector, "aad");
    const Bytes message = bytes_of(vector, "msg");
    Bytes sealed = bytes_of(vector, "ct");
    append(sealed, bytes_of(vector, "tag"));
    AeadNonce nonce{};
    REQUIRE(iv.size() == nonce.size());
    std::copy(iv.begin(), iv.end(), nonce.begin());
    Bytes opened(sealed.size() - kAeadTag);
    if (vector["result"] == "valid") {
      ++accepted;
      Bytes made(message.size() + kAeadTag);
      aead_seal(key, nonce, aad, message, made);
      CHECK(made == sealed);
      REQUIRE(aead_open(key, nonce, aad, sealed, opened));
      CHECK(opened == message);
      // A shorter tag is none, even of the right beginning.
      for (std::size_t left = 0; left < kAeadTag; ++left) {
        const BytesView cut = BytesView(sealed).first(message.size() + left);
        Bytes out(cut.size() < kAeadTag ? 0 : cut.size() - kAeadTag);
        CHECK_FALSE(aead_open(key, nonce, aad, cut, out));
      }
    } else {
      ++refused;
      CHECK_FALSE(aead_open(key, nonce, aad, sealed, opened));
      CHECK(opened == Bytes(opened.size()));
    }
  }
  CHECK(accepted > 30);
  CHECK(refused > 20);
}

TEST_CASE("PBKDF2-HMAC-SHA-256 passes Wycheproof") {
  int derived = 0;
  for (const auto& vector : vectors_of("pbkdf2_hmac_sha256")) {
    INFO("tcId " << vector["tcId"].get<int>() << " " << vector["comment"].get<std::string>());
    REQUIRE(vector["result"] == "valid");
    const Bytes expected = bytes_of(vector, "dk");
    REQUIRE(expected.size() == vector["dkLen"].get<std::size_t>());
    CHECK(pbkdf2_sha256(bytes_of(vector, "password"), bytes_of(vector, "salt"), vector["iterationCount"].get<unsigned>(),
                        expected.size())
              .equals(expected));
    ++derived;
  }
  CHECK(derived == 60);
}
