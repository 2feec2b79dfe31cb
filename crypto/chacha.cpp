#include "crypto/chacha.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/must.h"

namespace rfs {
namespace {

const EVP_CIPHER* chacha() {
  static EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  library_must(cipher != nullptr, "ChaCha20-Poly1305");
  return cipher;
}

}  // namespace

void ChachaKey::free_context(evp_cipher_ctx_st* context) { EVP_CIPHER_CTX_free(context); }  // wipes the schedule

ChachaKey::ChachaKey(BytesView key) : context_(EVP_CIPHER_CTX_new()) {
  library_must(key.size() == kChachaKey && context_ &&
                   EVP_CipherInit_ex2(context_.get(), chacha(), key.data(), nullptr, 1, nullptr) == 1,
               "ChaCha20-Poly1305 with this key");
}

void ChachaKey::seal(const ChachaNonce& nonce, BytesView aad, std::initializer_list<BytesView> parts,
                     MutableBytes out) {
  EVP_CIPHER_CTX* context = context_.get();
  int n = 0;
  bool fine = EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), 1, nullptr) == 1;
  if (!aad.empty())
    fine = fine && EVP_CipherUpdate(context, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1;
  std::size_t done = 0;
  for (BytesView part : parts) {
    if (part.empty()) continue;
    library_must(done + part.size() + kChachaTag <= out.size(), "ChaCha20-Poly1305 with these sizes");
    fine = fine && EVP_CipherUpdate(context, out.data() + done, &n, part.data(), static_cast<int>(part.size())) == 1;
    done += part.size();
  }
  fine = fine && done + kChachaTag == out.size() && EVP_CipherFinal_ex(context, out.data() + done, &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kChachaTag, out.data() + done) == 1;
  library_must(fine, "ChaCha20-Poly1305");
}

bool ChachaKey::open(const ChachaNonce& nonce, BytesView aad, MutableBytes sealed) {
  if (sealed.size() < kChachaTag || sealed.size() > 0x7fff'ffff) return false;
  EVP_CIPHER_CTX* context = context_.get();
  MutableBytes body = sealed.first(sealed.size() - kChachaTag);
  int n = 0;
  bool fine = EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), 0, nullptr) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kChachaTag, sealed.data() + body.size()) == 1;
  if (!aad.empty())
    fine = fine && EVP_CipherUpdate(context, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1;
  if (!body.empty())
    fine = fine && EVP_CipherUpdate(context, body.data(), &n, body.data(), static_cast<int>(body.size())) == 1;
  std::uint8_t none = 0;
  fine = fine && EVP_CipherFinal_ex(context, &none, &n) == 1;
  if (!fine) OPENSSL_cleanse(sealed.data(), sealed.size());
  return fine;
}

}  // namespace rfs
