// Signatures of the four kinds of identities, and the transport cipher.
#include "crypto/signature.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/handle.h"
#include "crypto/chacha.h"
#include "p2p/messages.h"
#include "tests/unit/p2p/vectors.h"

using namespace rfs;
using namespace rfs::p2p;
using namespace rfs::test;

namespace {

using Key = Handle<EVP_PKEY, EVP_PKEY_free>;

Bytes spki(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  REQUIRE(size > 0);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Bytes sign(EVP_PKEY* key, BytesView message) {
  Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  REQUIRE(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key, nullptr) == 1);
  REQUIRE(EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1);
  Bytes out(size);
  REQUIRE(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1);
  out.resize(size);
  return out;
}

bool verifies(KeyType type, const Bytes& key, std::string_view message, const Bytes& signature) {
  return verify_with(encode(PublicKeyMessage{static_cast<std::uint32_t>(type), key}), view(message), signature);
}

void check_kind(KeyType type, const Bytes& key, EVP_PKEY* pair) {
  Bytes signature = sign(pair, view("noise-libp2p-static-key:…"));
  CHECK(verifies(type, key, "noise-libp2p-static-key:…", signature));
  CHECK_FALSE(verifies(type, key, "noise-libp2p-static-key:x", signature));
  signature.back() ^= 1;
  CHECK_FALSE(verifies(type, key, "noise-libp2p-static-key:…", signature));
  CHECK_FALSE(verifies(type, {}, "x", {}));
  CHECK_FALSE(verifies(type, Bytes(40, 0x30), "x", signature));
}

}  // namespace

TEST_CASE("Ed25519 agrees with RFC 8032, 7.1, test 2") {
  const SigningKey key =
      SigningKey::from_seed(from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  CHECK(hex(key.public_key()) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  CHECK(
      hex(key.sign(from_hex("72"))) ==
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
      "b00d291612bb0c00");
  CHECK(ed25519_verify(key.public_key(), from_hex("72"), key.sign(from_hex("72"))));
  CHECK_FALSE(ed25519_verify(key.public_key(), from_hex("73"), key.sign(from_hex("72"))));
  CHECK_FALSE(ed25519_verify(Bytes(31), from_hex("72"), key.sign(from_hex("72"))));
}

TEST_CASE("RSA identities of old peers verify, small keys do not") {
  const Key large(EVP_RSA_gen(2048)), small(EVP_RSA_gen(1024));
  REQUIRE(large);
  check_kind(KeyType::kRsa, spki(large.get()), large.get());
  CHECK_FALSE(verifies(KeyType::kRsa, spki(small.get()), "x", sign(small.get(), view("x"))));
  Bytes longer = spki(large.get());
  longer.push_back(0);
  CHECK_FALSE(verifies(KeyType::kRsa, longer, "x", sign(large.get(), view("x"))));
  CHECK_FALSE(verifies(KeyType::kEcdsa, spki(large.get()), "x", sign(large.get(), view("x"))));
}

TEST_CASE("identities on the curves P-256 and secp256k1 verify") {
  const Key p256(EVP_EC_gen("P-256"));
  REQUIRE(p256);
  check_kind(KeyType::kEcdsa, spki(p256.get()), p256.get());
  const Key k1(EVP_EC_gen("secp256k1"));
  REQUIRE(k1);
  EVP_PKEY_set_utf8_string_param(k1.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed");
  Bytes point(33);
  std::size_t size = 0;
  REQUIRE(EVP_PKEY_get_octet_string_param(k1.get(), OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &size) == 1);
  Bytes raw(size);
  REQUIRE(EVP_PKEY_get_octet_string_param(k1.get(), OSSL_PKEY_PARAM_PUB_KEY, raw.data(), raw.size(), &size) == 1);
  point[0] = raw[0] == 4 ? 2 + (raw.back() & 1) : raw[0];
  std::copy_n(raw.begin() + 1, 32, point.begin() + 1);
  check_kind(KeyType::kSecp256k1, point, k1.get());
}

TEST_CASE("ChaCha20-Poly1305 agrees with RFC 8439, 2.8.2") {
  Bytes key(32);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(0x80 + i);
  ChachaNonce nonce;
  const Bytes nonce_bytes = from_hex("070000004041424344454647");
  std::copy(nonce_bytes.begin(), nonce_bytes.end(), nonce.begin());
  const Bytes aad = from_hex("50515253c0c1c2c3c4c5c6c7");
  const std::string_view plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  ChachaKey cipher(key);
  Bytes sealed(plain.size() + kChachaTag);
  cipher.seal(nonce, aad, {view(plain.substr(0, 12)), view(plain.substr(12))}, sealed);
  CHECK(hex(BytesView(sealed).last(16)) == "1ae10b594f09e26a7e902ecbd0600691");
  CHECK(hex(BytesView(sealed).first(16)) == "d31a8d34648e60db7b86afbc53ef7ec2");
  Bytes changed = sealed;
  changed[3] ^= 1;
  CHECK_FALSE(cipher.open(nonce, aad, changed));
  CHECK(changed == Bytes(changed.size()));
  REQUIRE(cipher.open(nonce, aad, sealed));
  CHECK(text(BytesView(sealed).first(plain.size())) == plain);
}
