#include "crypto/signature.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "base/handle.h"
#include "crypto/must.h"

namespace rfs {
namespace {

using PublicKey = Handle<EVP_PKEY, EVP_PKEY_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

PublicKey parse_spki(BytesView der) {
  const unsigned char* at = der.data();
  PublicKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) key.reset();  // trailing bytes
  return key;
}

// With the padding that the key's type has by default: PKCS #1 v1.5 for RSA.
bool verify_sha256(EVP_PKEY* key, BytesView message, BytesView signature) {
  DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key, nullptr) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace

SigningKey SigningKey::generate() { return from_seed(SecretBytes::random(32).reveal()); }

SigningKey SigningKey::from_seed(BytesView seed) {
  library_must(seed.size() == crypto_sign_SEEDBYTES, "Ed25519 with a seed of another size");
  SigningKey key;
  key.secret_ = SecretBytes(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(key.public_.data(), key.secret_.reveal_mutable().data(), seed.data());
  return key;
}

Ed25519Signature SigningKey::sign(BytesView message) const {
  Ed25519Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret_.reveal().data());
  return signature;
}

bool ed25519_verify(BytesView public_key, BytesView message, BytesView signature) {
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

bool rsa_verify(BytesView public_key, BytesView message, BytesView signature) {
  PublicKey key = parse_spki(public_key);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return false;
  const int bits = EVP_PKEY_get_bits(key.get());
  return bits >= 2048 && bits <= 8192 && verify_sha256(key.get(), message, signature);
}

bool ecdsa_verify(BytesView public_key, BytesView message, BytesView signature) {
  PublicKey key = parse_spki(public_key);
  return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC && verify_sha256(key.get(), message, signature);
}

bool secp256k1_verify(BytesView public_key, BytesView message, BytesView signature) {
  if (public_key.size() != 33) return false;
  char curve[] = "secp256k1";
  Bytes point(public_key.begin(), public_key.end());
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                         OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                         OSSL_PARAM_construct_end()};
  KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return false;
  PublicKey key(made);
  return verify_sha256(key.get(), message, signature);
}

}  // namespace rfs
