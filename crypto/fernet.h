// Fernet tokens, as the Python package `cryptography` writes them: base64url of
//   0x80 ‖ u64 seconds ‖ iv[16] ‖ AES-128-CBC, PKCS #7 ‖ HMAC-SHA256 of all before
// The first half of the key signs, the second encrypts. Messages of peers of the Python implementation.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs {

inline constexpr std::size_t kFernetKey = 32;

struct FernetMessage {
  std::uint64_t time = 0;  // seconds since 1970, as its sender says
  Bytes plaintext;
};

// How long the token of a plaintext is, padding included.
std::size_t fernet_size(std::size_t plaintext);
// iv: 16 bytes for test vectors; empty: random, as every caller outside tests must. REQUIRES: a key of 32 bytes.
std::string fernet_seal(BytesView key, BytesView plaintext, std::uint64_t time, BytesView iv = {});
// kTampered for everything that is not exactly a token under this key.
Result<FernetMessage> fernet_open(BytesView key, std::string_view token);

// Takes a token as it arrives and knows when it is whole, although nothing says how long it is: no proper prefix of a
// token authenticates. It keeps the decoded bytes and nothing else. One thread at a time.
class FernetReader {
 public:
  enum class State {
    kMore,   // it may become a token
    kWhole,  // it is one; bytes that follow are an error, but for one line end
    kBad,    // it will never be one: not base64url, not version 0x80, or longer than `most` characters
  };
  // key outlives it.
  FernetReader(const SecretBytes& key, std::size_t most);
  FernetReader(FernetReader&&) noexcept;
  ~FernetReader();
  State add(std::string_view characters);
  // Bytes of memory that it holds.
  std::size_t held() const;
  // kTampered: whole or not, it does not decrypt.
  Result<FernetMessage> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
