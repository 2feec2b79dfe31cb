#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>

#include "base/handle.h"
#include "crypto/must.h"

namespace rfs {
namespace {

using MacContext = Handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;

// HKDF is built on HMAC here, not on EVP_KDF: one fetched object, and no key bytes in OSSL_PARAM arrays.
EVP_MAC* hmac_method() {
  static EVP_MAC* method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  library_must(method != nullptr, "HMAC");
  return method;
}

void hmac_into(std::uint8_t* out, BytesView key, std::initializer_list<BytesView> parts) {
  // Keeping a context with its digest set saves two thirds of the cost of a short message.
  static const auto* prepared = [] {
    auto* context = EVP_MAC_CTX_new(hmac_method());
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    library_must(context && EVP_MAC_CTX_set_params(context, params) == 1, "HMAC-SHA256");
    return context;
  }();
  MacContext context(EVP_MAC_CTX_dup(prepared));
  // OpenSSL takes a null key to mean "the one set before".
  static const std::uint8_t kNothing = 0;
  bool fine = context && EVP_MAC_init(context.get(), key.empty() ? &kNothing : key.data(), key.size(), nullptr) == 1;
  for (BytesView part : parts) fine = fine && EVP_MAC_update(context.get(), part.data(), part.size()) == 1;
  std::size_t size = 0;
  fine = fine && EVP_MAC_final(context.get(), out, &size, sizeof(Digest)) == 1 && size == sizeof(Digest);
  library_must(fine, "HMAC-SHA256");
}

}  // namespace

Digest hmac_sha256(BytesView key, std::initializer_list<BytesView> parts) {
  Digest out;
  hmac_into(out.data(), key, parts);
  return out;
}

SecretBytes hkdf_extract(BytesView salt, BytesView ikm) {
  SecretBytes prk(sizeof(Digest));
  hmac_into(prk.reveal_mutable().data(), salt, {ikm});
  return prk;
}

SecretBytes hkdf_expand(BytesView prk, BytesView info, std::size_t size) {
  SecretBytes out(size);
  Digest block{};
  std::size_t done = 0;
  for (std::uint8_t counter = 1; done < size; ++counter) {
    BytesView before = done ? BytesView(block) : BytesView();
    hmac_into(block.data(), prk, {before, info, BytesView(&counter, 1)});
    std::size_t n = std::min(size - done, block.size());
    std::copy_n(block.begin(), n, out.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(done));
    done += n;
  }
  OPENSSL_cleanse(block.data(), block.size());
  return out;
}

SecretBytes hkdf(BytesView ikm, BytesView salt, BytesView info, std::size_t size) {
  return hkdf_expand(hkdf_extract(salt, ikm).reveal(), info, size);
}

SecretBytes pbkdf2_sha256(BytesView password, BytesView salt, unsigned iterations, std::size_t size) {
  static EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  SecretBytes out(size);
  static const char kNothing = 0;  // a null password would be taken for its length by strlen
  const char* chars = password.empty() ? &kNothing : reinterpret_cast<const char*>(password.data());
  library_must(
      PKCS5_PBKDF2_HMAC(chars, static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                        static_cast<int>(iterations), method, static_cast<int>(size), out.reveal_mutable().data()) == 1,
      "PBKDF2");
  return out;
}

}  // namespace rfs
