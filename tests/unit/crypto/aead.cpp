#include "crypto/aead.h"

#include <sodium.h>

#include "tests/unit/crypto/gcm_vectors.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

namespace {

AeadNonce nonce_of(BytesView bytes) {
  AeadNonce nonce;
  REQUIRE(bytes.size() == nonce.size());
  std::copy(bytes.begin(), bytes.end(), nonce.begin());
  return nonce;
}

struct Case {
  Bytes key, aad, plaintext, sealed;
  AeadNonce nonce;
};

Case case_of(const GcmVector& vector) {
  Case out{from_hex(vector.key), from_hex(vector.aad), from_hex(vector.plaintext), from_hex(vector.ciphertext),
           nonce_of(from_hex(vector.nonce))};
  append(out.sealed, from_hex(vector.tag));
  return out;
}

std::optional<Bytes> opened(const Case& c, BytesView sealed) {
  Bytes out(sealed.size() < kAeadTag ? 0 : sealed.size() - kAeadTag, 0xEE);
  if (aead_open(c.key, c.nonce, c.aad, sealed, out)) return out;
  CHECK(out == Bytes(out.size(), 0));  // no byte before its tag
  return std::nullopt;
}

}  // namespace

TEST_CASE("AES-256-GCM agrees with NIST's test cases") {
  for (const GcmVector& vector : kGcmVectors) {
    CAPTURE(vector.name);
    Case c = case_of(vector);
    Bytes sealed(c.plaintext.size() + kAeadTag);
    aead_seal(c.key, c.nonce, c.aad, c.plaintext, sealed);
    CHECK(hex(sealed) == hex(c.sealed));
    CHECK(opened(c, c.sealed) == c.plaintext);
  }
}

TEST_CASE("every changed bit of ciphertext, tag, nonce and associated data is refused") {
  for (const GcmVector& vector : kGcmVectors) {
    CAPTURE(vector.name);
    Case c = case_of(vector);
    for (std::size_t bit = 0; bit < c.sealed.size() * 8; ++bit) {
      Bytes changed = c.sealed;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      CHECK_FALSE(opened(c, changed));
    }
    for (std::size_t bit = 0; bit < 96; ++bit) {
      Case other = c;
      other.nonce[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      CHECK_FALSE(opened(other, c.sealed));
    }
    for (std::size_t bit = 0; bit < c.aad.size() * 8; ++bit) {
      Case other = c;
      other.aad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      CHECK_FALSE(opened(other, c.sealed));
    }
  }
}

TEST_CASE("a tag that is short, empty, zero or all ones is no tag") {
  for (const GcmVector& vector : kGcmVectors) {
    CAPTURE(vector.name);
    Case c = case_of(vector);
    for (std::size_t cut = 1; cut <= kAeadTag; ++cut)
      CHECK_FALSE(opened(c, BytesView(c.sealed).first(c.sealed.size() - cut)));
    for (std::uint8_t fill : {std::uint8_t{0}, std::uint8_t{0xff}}) {
      Bytes changed = c.sealed;
      std::fill(changed.end() - kAeadTag, changed.end(), fill);
      CHECK_FALSE(opened(c, changed));
    }
    CHECK_FALSE(opened(c, {}));
  }
}

TEST_CASE("libsodium's implementation opens what ours seals, and the other way") {
  REQUIRE(secret_setup());
  if (!crypto_aead_aes256gcm_is_available()) return;  // a processor without AES instructions
  Case c{counting(7, 32), counting(1, 13), {}, {}, nonce_of(counting(3, 12))};
  for (std::size_t size : {0u, 1u, 15u, 16u, 17u, 255u, 4'096u, 65'536u}) {
    CAPTURE(size);
    c.plaintext = counting(9, size);
    Bytes ours(size + kAeadTag), theirs(size + kAeadTag), back(size + 1);
    aead_seal(c.key, c.nonce, c.aad, c.plaintext, ours);
    unsigned long long n = 0;
    crypto_aead_aes256gcm_encrypt(theirs.data(), &n, c.plaintext.data(), size, c.aad.data(), c.aad.size(), nullptr,
                                  c.nonce.data(), c.key.data());
    CHECK(ours == theirs);
    CHECK(opened(c, theirs) == c.plaintext);
  }
}
