#include "crypto/fernet.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>

#include <algorithm>

#include "base/encode.h"
#include "base/handle.h"
#include "crypto/kdf.h"
#include "crypto/must.h"

namespace rfs {
namespace {

using Cipher = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using Mac = Handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;

constexpr std::uint8_t kVersion = 0x80;
constexpr std::size_t kHead = 1 + 8 + 16, kBlock = 16, kHmac = sizeof(Digest);
constexpr std::size_t kLeast = kHead + kBlock + kHmac;  // 73

const EVP_CIPHER* cbc() {
  static EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
  library_must(cipher != nullptr, "AES-128-CBC");
  return cipher;
}

Mac start_mac(BytesView key) {
  static EVP_MAC* method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Mac mac(EVP_MAC_CTX_new(method));
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                         OSSL_PARAM_construct_end()};
  library_must(mac && EVP_MAC_init(mac.get(), key.data(), key.size(), params) == 1, "HMAC-SHA256");
  return mac;
}

Digest mac_so_far(const Mac& mac) {
  const Mac copy(EVP_MAC_CTX_dup(mac.get()));
  Digest out;
  std::size_t size = 0;
  library_must(copy && EVP_MAC_final(copy.get(), out.data(), &size, out.size()) == 1, "HMAC-SHA256");
  return out;
}

bool has_token_size(std::size_t decoded) { return decoded >= kLeast && (decoded - kHead - kHmac) % kBlock == 0; }

// The plaintext of bytes that have been authenticated.
Result<FernetMessage> decrypt(BytesView key, BytesView decoded) {
  const BytesView sealed = decoded.subspan(kHead, decoded.size() - kHead - kHmac);
  FernetMessage message;
  message.time = read_be<std::uint64_t>(decoded.subspan(1));
  message.plaintext.resize(sealed.size() + kBlock);
  const Cipher context(EVP_CIPHER_CTX_new());
  int n = 0, last = 0;
  const bool fine = sealed.size() <= 0x7fff'0000 && context &&
                    EVP_DecryptInit_ex2(context.get(), cbc(), key.data() + 16, decoded.data() + 9, nullptr) == 1 &&
                    EVP_DecryptUpdate(context.get(), message.plaintext.data(), &n, sealed.data(),
                                      static_cast<int>(sealed.size())) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), message.plaintext.data() + n, &last) == 1;
  if (!fine) return fail(Code::kTampered, "a fernet token with bad padding");
  message.plaintext.resize(static_cast<std::size_t>(n + last));
  return message;
}

// The value of a base64url character; -1: none.
int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

}  // namespace

std::size_t fernet_size(std::size_t plaintext) {
  const std::size_t decoded = kHead + (plaintext / kBlock + 1) * kBlock + kHmac;
  return (decoded + 2) / 3 * 4;
}

std::string fernet_seal(BytesView key, BytesView plaintext, std::uint64_t time, BytesView iv) {
  library_must(key.size() == kFernetKey && (iv.empty() || iv.size() == kBlock) && plaintext.size() < 0x7fff'0000,
               "Fernet with these sizes");
  Bytes out{kVersion};
  append_be(out, time);
  out.resize(kHead);
  if (iv.empty())
    randombytes_buf(out.data() + 9, kBlock);
  else
    std::copy(iv.begin(), iv.end(), out.begin() + 9);
  out.resize(kHead + (plaintext.size() / kBlock + 1) * kBlock);
  const Cipher context(EVP_CIPHER_CTX_new());
  int n = 0, last = 0;
  library_must(context && EVP_EncryptInit_ex2(context.get(), cbc(), key.data() + 16, out.data() + 9, nullptr) == 1 &&
                   EVP_EncryptUpdate(context.get(), out.data() + kHead, &n, plaintext.data(),
                                     static_cast<int>(plaintext.size())) == 1 &&
                   EVP_EncryptFinal_ex(context.get(), out.data() + kHead + n, &last) == 1,
               "AES-128-CBC");
  append(out, BytesView(hmac_sha256(key.first(16), out)));
  std::string token = base64url(out);
  token.append((4 - token.size() % 4) % 4, '=');
  return token;
}

Result<FernetMessage> fernet_open(BytesView key, std::string_view token) {
  const SecretBytes kept = SecretBytes::copy_of(key);
  FernetReader reader(kept, token.size());
  if (reader.add(token) != FernetReader::State::kWhole) return fail(Code::kTampered, "not a fernet token of this key");
  return reader.finish();
}

struct FernetReader::Impl {
  Impl(const SecretBytes& to_key, std::size_t to_most)
      : key(to_key), most(to_most), mac(start_mac(to_key.reveal().first(16))) {}

  State add(std::string_view characters) {
    for (std::size_t i = 0; i < characters.size() && state != State::kBad; ++i) {
      const char c = characters[i];
      // The reference's peers may end a token with a line end.
      if (c == '\n' && count % 4 == 0 && !ended) {
        ended = true;
        continue;
      }
      if (ended || ++count > most || !take(c)) state = State::kBad;
    }
    if (state != State::kMore || count % 4 != 0 || !has_token_size(decoded.size())) return state;
    const std::size_t body = decoded.size() - kHmac;
    library_must(EVP_MAC_update(mac.get(), decoded.data() + covered, body - covered) == 1, "HMAC-SHA256");
    covered = body;
    if (sodium_memcmp(mac_so_far(mac).data(), decoded.data() + body, kHmac) == 0) state = State::kWhole;
    return state;
  }

  bool take(char c) {
    if (state == State::kWhole) return false;  // bytes after the end
    if (c == '=') return pad();
    const int value = digit(c);
    if (value < 0 || padding > 0) return false;
    bits = bits << 6 | static_cast<unsigned>(value);
    if (count % 4 == 1) return true;
    // 6, 12, 18, 24 bits: a byte is whole at the second, third and fourth character.
    const unsigned left = count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0;
    decoded.push_back(static_cast<std::uint8_t>(bits >> left));
    return decoded.size() > 1 || decoded[0] == kVersion;
  }

  // Bits that belong to no byte are zero: a token has one spelling.
  bool pad() {
    const unsigned left = padding > 0 ? 0 : count % 4 == 3 ? 0xF : 0x3;
    return ++padding <= 2 && count % 4 != 1 && (count % 4 == 0 || padding == 1) && (bits & left) == 0;
  }

  const SecretBytes& key;
  const std::size_t most;
  Mac mac;
  Bytes decoded;
  std::size_t covered = 0;  // of decoded, by the MAC
  std::size_t count = 0;    // characters, padding included
  unsigned padding = 0, bits = 0;
  bool ended = false;
  State state = State::kMore;
};

FernetReader::FernetReader(const SecretBytes& key, std::size_t most) : impl_(std::make_unique<Impl>(key, most)) {}
FernetReader::FernetReader(FernetReader&&) noexcept = default;
FernetReader::~FernetReader() = default;

FernetReader::State FernetReader::add(std::string_view characters) { return impl_->add(characters); }
std::size_t FernetReader::held() const { return impl_->decoded.capacity(); }

Result<FernetMessage> FernetReader::finish() {
  if (impl_->state != State::kWhole) return fail(Code::kTampered, "not a fernet token of this key");
  return decrypt(impl_->key.reveal(), impl_->decoded);
}

}  // namespace rfs
