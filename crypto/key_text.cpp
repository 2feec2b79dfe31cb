#include "crypto/key_text.h"

#include <sodium.h>

#include <algorithm>

namespace rfs {
namespace {

constexpr std::size_t kKey = 32, kDigits = 44;  // of base64, with one =
constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;

bool is_text_of(const SecretBytes& key, std::string_view mark, std::string_view line) {
  SecretBytes own = key_to_text(key, mark);
  return line.size() + 1 == own.size() && sodium_memcmp(own.reveal().data(), line.data(), line.size()) == 0;
}

}  // namespace

// libsodium's codec: constant time, and straight into locked memory.
SecretBytes key_to_text(const SecretBytes& key, std::string_view mark) {
  SecretBytes out(mark.size() + kDigits + 1);
  char* at = std::copy(mark.begin(), mark.end(), reinterpret_cast<char*>(out.reveal_mutable().data()));
  sodium_bin2base64(at, kDigits + 1, key.reveal().data(), key.size(), kVariant);
  at[kDigits] = '\n';  // in place of the final zero
  return out;
}

Result<SecretBytes> key_from_text(BytesView bytes, std::string_view mark) {
  auto malformed = fail(Code::kNoKey, "what is kept as the root key is not one",
                        "it is one line: runnerfs-root-key-v1 and 32 bytes in base64");
  std::string_view chars = text(bytes);
  if (chars.ends_with('\n')) chars.remove_suffix(1);
  if (chars.size() != mark.size() + kDigits || !chars.starts_with(mark)) return malformed;
  SecretBytes key(kKey);
  std::size_t size = 0;
  const char* end = nullptr;
  std::string_view digits = chars.substr(mark.size());
  int refused = sodium_base642bin(key.reveal_mutable().data(), key.size(), digits.data(), digits.size(), nullptr, &size,
                                  &end, kVariant);
  // libsodium takes some bytes above 0x7f for digits: a text is a key when it is the one that the key would have.
  if (refused || size != kKey || !is_text_of(key, mark, chars)) return malformed;
  return key;
}

}  // namespace rfs
