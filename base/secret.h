// Memory for secrets: locked into RAM, left out of core dumps and between guard pages by libsodium (sodium_malloc),
// wiped when freed; up to 512 bytes share pages with other secrets. Move-only; there is no operator<<, no formatter and
// no implicit conversion, so that a secret cannot be printed or copied by accident. reveal() is the one way to the
// bytes, and easy to grep for.
// Locks do not pass to a child of fork(): a daemon forks first and takes its keys afterwards.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace rfs {

class SecretBytes {
 public:
  SecretBytes() = default;
  // Zero-filled. Terminates the process if no memory is left, as sodium_malloc would be useless otherwise.
  explicit SecretBytes(std::size_t size);
  static SecretBytes copy_of(BytesView bytes);
  static SecretBytes copy_of(std::string_view chars) { return copy_of(view(chars)); }
  static SecretBytes random(std::size_t size);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  BytesView reveal() const { return {data_, size_}; }
  std::string_view reveal_text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  MutableBytes reveal_mutable() { return {data_, size_}; }
  SecretBytes clone() const { return copy_of(reveal()); }
  // Constant time.
  bool equals(BytesView other) const;

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// Initialises libsodium; every binary calls it first (idempotent). False: no randomness, stop.
bool secret_setup();
// True while every SecretBytes so far could be locked into memory (RLIMIT_MEMLOCK was enough).
bool secret_locked();

}  // namespace rfs
