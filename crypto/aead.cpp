#include "crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/handle.h"
#include "crypto/must.h"

namespace rfs {
namespace {

using Context = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;  // freeing it wipes the key schedule

const EVP_CIPHER* gcm() {
  static EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  library_must(cipher != nullptr, "AES-256-GCM");
  return cipher;
}

// OpenSSL counts in int; records are 64 KiB, but a caller's mistake must not become a negative length.
bool fits(BytesView bytes) { return bytes.size() <= 0x7fff'ffff; }

}  // namespace

void aead_seal(BytesView key, const AeadNonce& nonce, BytesView aad, BytesView plaintext, MutableBytes out) {
  bool fine = key.size() == kAeadKey && fits(plaintext) && fits(aad) && out.size() == plaintext.size() + kAeadTag;
  library_must(fine, "AES-256-GCM with these sizes");
  Context context(EVP_CIPHER_CTX_new());
  int n = 0;
  fine = context && EVP_EncryptInit_ex2(context.get(), gcm(), key.data(), nonce.data(), nullptr) == 1;
  if (!aad.empty())
    fine = fine && EVP_EncryptUpdate(context.get(), nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1;
  if (!plaintext.empty())
    fine = fine &&
           EVP_EncryptUpdate(context.get(), out.data(), &n, plaintext.data(), static_cast<int>(plaintext.size())) == 1;
  fine = fine && EVP_EncryptFinal_ex(context.get(), out.data() + plaintext.size(), &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTag, out.data() + plaintext.size()) == 1;
  library_must(fine, "AES-256-GCM");
}

bool aead_open(BytesView key, const AeadNonce& nonce, BytesView aad, BytesView sealed, MutableBytes out) {
  if (sealed.size() < kAeadTag) return false;
  bool fine = key.size() == kAeadKey && fits(sealed) && fits(aad) && out.size() == sealed.size() - kAeadTag;
  library_must(fine, "AES-256-GCM with these sizes");
  BytesView ciphertext = sealed.first(out.size());
  auto* tag = const_cast<std::uint8_t*>(sealed.data() + out.size());  // only read
  Context context(EVP_CIPHER_CTX_new());
  int n = 0;
  fine = context && EVP_DecryptInit_ex2(context.get(), gcm(), key.data(), nonce.data(), nullptr) == 1;
  if (!aad.empty())
    fine = fine && EVP_DecryptUpdate(context.get(), nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1;
  if (!ciphertext.empty())
    fine = fine && EVP_DecryptUpdate(context.get(), out.data(), &n, ciphertext.data(),
                                     static_cast<int>(ciphertext.size())) == 1;
  fine = fine && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTag, tag) == 1;
  std::uint8_t rest[16];
  if (fine && EVP_DecryptFinal_ex(context.get(), rest, &n) == 1) return true;
  OPENSSL_cleanse(out.data(), out.size());
  return false;
}

}  // namespace rfs
