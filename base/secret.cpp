#include "base/secret.h"

#include <sodium.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace rfs {
namespace {

std::atomic<bool> all_locked{true};

std::uint8_t* allocate(std::size_t size) {
  if (!secret_setup()) {
    std::fputs("runnerfs: error: no source of randomness\n", stderr);
    std::abort();
  }
  auto* data = static_cast<std::uint8_t*>(sodium_malloc(size));
  if (!data) {
    std::fputs("runnerfs: error: no memory left for secrets\n", stderr);
    std::abort();
  }
  // sodium_malloc locks the pages but does not say whether it could; asking again costs one system call.
  if (::mlock(data, size) != 0) all_locked.store(false, std::memory_order_relaxed);
  std::memset(data, 0, size);
  return data;
}

}  // namespace

bool secret_setup() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

bool secret_locked() { return all_locked.load(std::memory_order_relaxed); }

SecretBytes::SecretBytes(std::size_t size) : data_(size ? allocate(size) : nullptr), size_(size) {}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  if (this != &other) SecretBytes(std::move(other));  // what was here is wiped now, not later
  return *this;
}

SecretBytes::~SecretBytes() {
  if (data_) sodium_free(data_);  // wipes
}

SecretBytes SecretBytes::copy_of(BytesView bytes) {
  SecretBytes secret(bytes.size());
  if (!bytes.empty()) std::memcpy(secret.data_, bytes.data(), bytes.size());
  return secret;
}

SecretBytes SecretBytes::random(std::size_t size) {
  SecretBytes secret(size);
  if (size) randombytes_buf(secret.data_, size);
  return secret;
}

bool SecretBytes::equals(BytesView other) const {
  return size_ == other.size() && (size_ == 0 || sodium_memcmp(data_, other.data(), size_) == 0);
}

}  // namespace rfs
