#include "crypto/key_text.h"

#include <sodium.h>

#include <algorithm>

namespace rfs {
namespace {

constexpr std::string_view kMark = "runnerfs-root-key-v1 ";
constexpr std::size_t kKey = 32, kDigits = 44;  // of base64, with one =
constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;

}  // namespace

// libsodium's codec: constant time, and straight into locked memory.
SecretBytes key_to_text(const SecretBytes& key) {
  SecretBytes out(kMark.size() + kDigits + 1);
  char* at = std::copy(kMark.begin(), kMark.end(), reinterpret_cast<char*>(out.reveal_mutable().data()));
  sodium_bin2base64(at, kDigits + 1, key.reveal().data(), key.size(), kVariant);
  at[kDigits] = '\n';  // in place of the final zero
  return out;
}

Result<SecretBytes> key_from_text(BytesView bytes) {
  auto malformed = fail(Code::kNoKey, "what is kept as the root key is not one",
                        "it is one line: runnerfs-root-key-v1 and 32 bytes in base64");
  std::string_view chars = text(bytes);
  if (chars.ends_with('\n')) chars.remove_suffix(1);
  if (!chars.starts_with(kMark) || chars.size() != kMark.size() + kDigits) return malformed;
  chars.remove_prefix(kMark.size());
  SecretBytes key(kKey);
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(key.reveal_mutable().data(), key.size(), chars.data(), chars.size(), nullptr, &size, &end,
                        kVariant) != 0 ||
      size != kKey || end != chars.data() + chars.size())
    return malformed;
  return key;
}

}  // namespace rfs
