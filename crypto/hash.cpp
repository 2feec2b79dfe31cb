#include "crypto/hash.h"

#include <openssl/evp.h>

#include "base/handle.h"
#include "crypto/must.h"

namespace rfs {
namespace {

// Fetched once: a fetch by name costs more than the hash of a short text.
const EVP_MD* sha256_method() {
  static EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  library_must(method != nullptr, "SHA256");
  return method;
}

}  // namespace

struct Sha256::State {
  Handle<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
};

Digest sha256(BytesView bytes) {
  Digest out;
  unsigned size = 0;
  library_must(EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, sha256_method(), nullptr) == 1, "SHA256");
  return out;
}

Sha256::Sha256() : state_(std::make_unique<State>()) {
  library_must(EVP_DigestInit_ex2(state_->context.get(), sha256_method(), nullptr) == 1, "SHA256");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256& Sha256::update(BytesView bytes) {
  library_must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "SHA256");
  return *this;
}

Digest Sha256::finish() {
  Digest out;
  unsigned size = 0;
  library_must(EVP_DigestFinal_ex(state_->context.get(), out.data(), &size) == 1, "SHA256");
  return out;
}

}  // namespace rfs
