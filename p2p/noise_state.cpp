#include "p2p/noise_state.h"

#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace rfs::p2p {
namespace {

constexpr std::string_view kName = "Noise_XX_25519_ChaChaPoly_SHA256";
static_assert(kName.size() == sizeof(Digest), "the name is the first hash as it is");
constexpr std::uint64_t kUsedUp = ~0ull;

ChachaNonce nonce_of(std::uint64_t counter) {
  ChachaNonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

}  // namespace

bool NoiseCipher::seal(BytesView aad, std::initializer_list<BytesView> parts, MutableBytes out) {
  if (next_ == kUsedUp) return false;
  key_.seal(nonce_of(next_++), aad, parts, out);
  return true;
}

bool NoiseCipher::open(BytesView aad, MutableBytes sealed) {
  if (next_ == kUsedUp) return false;
  return key_.open(nonce_of(next_++), aad, sealed);
}

NoiseSymmetric::NoiseSymmetric() : chaining_key_(SecretBytes::copy_of(kName)) {
  std::copy(kName.begin(), kName.end(), hash_.begin());
  mix_hash({});
}

void NoiseSymmetric::mix_hash(BytesView data) { hash_ = Sha256().update(hash_).update(data).finish(); }

void NoiseSymmetric::mix_key(BytesView input) {
  // HKDF of the framework is RFC 5869 with an empty info.
  const SecretBytes keys = hkdf(input, chaining_key_.reveal(), {}, 64);
  chaining_key_ = SecretBytes::copy_of(keys.reveal().first(32));
  cipher_.emplace(keys.reveal().subspan(32));
}

Bytes NoiseSymmetric::encrypt_and_hash(BytesView plaintext) {
  Bytes out(plaintext.begin(), plaintext.end());
  if (cipher_) {
    out.resize(plaintext.size() + kChachaTag);
    // Never used up: a handshake seals once or twice with a key.
    if (!cipher_->seal(hash_, {plaintext}, out)) out.clear();
  }
  mix_hash(out);
  return out;
}

std::optional<Bytes> NoiseSymmetric::decrypt_and_hash(BytesView sealed) {
  Bytes out(sealed.begin(), sealed.end());
  if (cipher_) {
    if (!cipher_->open(hash_, out)) return std::nullopt;
    out.resize(out.size() - kChachaTag);
  }
  mix_hash(sealed);
  return out;
}

NoiseSymmetric::Keys NoiseSymmetric::split() const {
  const SecretBytes keys = hkdf({}, chaining_key_.reveal(), {}, 64);
  return {SecretBytes::copy_of(keys.reveal().first(32)), SecretBytes::copy_of(keys.reveal().subspan(32))};
}

}  // namespace rfs::p2p
