// Fernet tokens: the vectors of the Python package `cryptography`, and tokens that arrive in pieces.
#include "crypto/fernet.h"

#include "crypto/kdf.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

namespace {

// PBKDF2-HMAC-SHA256("runnerfs-test-shared-secret", "github-cache-p2p", 100,000).
SecretBytes vector_key() {
  return SecretBytes::copy_of(from_hex("3e7ef68abeeae6edec0a82d0d85ff9dfa97034bbad045ad81726335a73bc2654"));
}

struct Vector {
  std::string_view plaintext;
  std::uint64_t time;
  std::string_view iv, token;
};
const Vector kVectors[] = {
    {"{}", 0, "00000000000000000000000000000000",
     "gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAOv9O1hWFDyhUGuqB92jo4JG17XFZXYu1BjJDO4qpZMCuULLfPoZGa7G6h3TUfxUpQ=="},
    {R"({"key": "list_repos:limit=10:owner=octo", "entry": {"data": [{"name": "hello", "description": "h\u00e9llo \u2713", "private": false, "pushedAt": "2025-11-06T09:59:58Z", "updatedAt": "2025-11-06T10:00:00Z", "stars": 7, "license": null}], "timestamp": 1762423200.5, "ttl": 300, "content_hash": "bafkreicodxokaftxb6ovjpiahalx75c5sjri5w6s6xuqdmlztgocpmk4hm", "validation_fields": {"hello": {"updatedAt": "2025-11-06T10:00:00Z", "pushedAt": "2025-11-06T09:59:58Z"}}}})",
     1762423201, "000102030405060708090a0b0c0d0e0f",
     "gAAAAABpDHGhAAECAwQFBgcICQoLDA0ODzNZWIYKpTt433BhDVzH2vToSd5rJ0GPHXi5vlndIV0rSe5UOgYIgSwdYqoNptewCFbi"
     "_VV_3f7Sig3WPlKz9afRJGSFt6mDcclpKAUVcJCz4tlvyF9WTNWM00dHBvUKjAeHUpb4eLuFlYJ_1Op-DH5w3zsmZ34QEa4U-4HP"
     "dpv5MXyHQ7dmeI52gtDHbQ9ORIKCDInCy01swFUn1cbHpCRCEEZS8qb8psa1UmCRBYy_AJlZEu4PAkaqmpF6MZpx1ufuumpHllcJ"
     "HmepMEomAAifanNgA8LkO9xRVCEhRhf4nbgf0eWOaKFhAz5xLLKXb-pEnZdWz2Z-skTFFP5uRh4i6-xYxa9VjUUiyOwKNsL9UVyv"
     "dovkunGNrGy_xSIQiaKXUGkD9SmwGsQzTkJ4BAjpPWkapEZqe8YUCSiYyTYwSZIn0HVCVELVSYTerDvb-RV7Pl7epTNfSo16PZVm"
     "B-y74shS6bWufodTgm0oGfS9qXIsGLPrB18JCQaPgCAPzJ0DaH3BGNcseW8E3rGE1leuj02C4n75UMpygfFBMOZBEtNgFV4l6O0H"
     "bUC_V8qQyFxmx3XwyeDdFIKisTPSj7TPXVTizFyD-iihN9YXGn1lUvuEbmI0Rs9vg57rfsR_goUM1gDNSBTo_5NDNeBPfGQ="},
    {R"({"addrs": ["/ip4/192.0.2.7/tcp/9100/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"], "peers": [], "ts": 1762423200.25})",
     1762423201, "101112131415161718191a1b1c1d1e1f",
     "gAAAAABpDHGhEBESExQVFhcYGRobHB0eH4lN53KxCTDlTfGGlUZuFHDMGuBTtI1O9ft-q00IYb40JrleNFxI65x3tr_ccm00_K9L"
     "a8YscQK3VjTCr_UWF4NS8UTJR-XGni7-ilKtINrMrv2nqZ7bL7kgXZzEdsGX9jT_qF3kZG6oZCa5V0399nikpSIGE5PkO9RWKKpy"
     "FzH7bdrrdOtPMuvZpzzrY9YqaHLMNiMo9QJV0ixuLsk91sx2kyPalwQroVY1cgc842eg"},
};

FernetReader::State add_all(FernetReader& reader, std::string_view token, std::size_t step) {
  auto state = FernetReader::State::kMore;
  for (std::size_t at = 0; at < token.size(); at += step) state = reader.add(token.substr(at, step));
  return state;
}

}  // namespace

TEST_CASE("the key is derived as the Python implementation does") {
  CHECK(pbkdf2_sha256(view("runnerfs-test-shared-secret"), view("github-cache-p2p"), 100'000)
            .equals(vector_key().reveal()));
}

TEST_CASE("tokens are the vectors', both ways") {
  const SecretBytes key = vector_key();
  for (const Vector& vector : kVectors) {
    CHECK(fernet_seal(key.reveal(), view(vector.plaintext), vector.time, from_hex(vector.iv)) == vector.token);
    CHECK(fernet_size(vector.plaintext.size()) == vector.token.size());
    const auto opened = fernet_open(key.reveal(), vector.token);
    REQUIRE(opened);
    CHECK(text(opened->plaintext) == vector.plaintext);
    CHECK(opened->time == vector.time);
  }
}

TEST_CASE("a token that arrives in pieces is whole at its last character and not before") {
  const SecretBytes key = vector_key();
  for (std::size_t size : {0u, 1u, 15u, 16u, 17u, 18u, 19u, 1000u}) {
    const Bytes plaintext = counting(3, size);
    const std::string token = fernet_seal(key.reveal(), plaintext, 7);
    for (std::size_t step : {std::size_t{1}, std::size_t{7}, token.size()}) {
      FernetReader reader(key, token.size());
      CHECK(add_all(reader, std::string_view(token).substr(0, token.size() - 1), step) == FernetReader::State::kMore);
      CHECK_FALSE(reader.finish());
      CHECK(reader.add(std::string_view(token).substr(token.size() - 1)) == FernetReader::State::kWhole);
      CHECK(reader.add("\n") == FernetReader::State::kWhole);
      CHECK(reader.finish().value().plaintext == plaintext);
      CHECK(reader.add("A") == FernetReader::State::kBad);
    }
  }
}

TEST_CASE("no changed character and no other key opens a token") {
  const SecretBytes key = vector_key(), other = SecretBytes::random(32);
  const std::string token(kVectors[2].token);
  CHECK_FALSE(fernet_open(other.reveal(), token));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(fernet_open(key.reveal(), changed));
  }
  // The last character before the padding carries bits that no byte has: they are zero, or a token had several spellings.
  for (const Vector& vector : kVectors) {
    const std::string one(vector.token);
    const std::size_t last = one.find_last_not_of('=');
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
      std::string changed = one;
      changed[last] = c;
      CHECK(fernet_open(key.reveal(), changed).has_value() == (changed == one));
    }
  }
  for (std::string_view bad : {"", "gAAA", "=", "gAAAAAAA====", "g A", "fAAAAAAAAAAAAAAA"})
    CHECK_FALSE(fernet_open(key.reveal(), bad));
}

TEST_CASE("what can never be a token is known as such at once") {
  const SecretBytes key = vector_key();
  FernetReader version(key, 1000), characters(key, 1000), large(key, 100);
  CHECK(version.add("AAAA") == FernetReader::State::kBad);
  CHECK(characters.add("gAAAA+") == FernetReader::State::kBad);
  CHECK(large.add("g" + std::string(99, 'A')) == FernetReader::State::kMore);
  CHECK(large.add("A") == FernetReader::State::kBad);
  CHECK(large.held() < 200);
}
