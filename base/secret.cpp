#include "base/secret.h"

#include <sodium.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

namespace rfs {
namespace {

std::atomic<bool> all_locked{true};

[[noreturn]] void stop(const char* why) {
  std::fprintf(stderr, "runnerfs: error: %s\n", why);
  std::abort();
}

std::uint8_t* allocate_pages(std::size_t size) {
  if (!secret_setup()) stop("no source of randomness");
  auto* data = static_cast<std::uint8_t*>(sodium_malloc(size));
  if (!data) stop("no memory left for secrets");
  // sodium_malloc locks the pages but does not say whether it could; asking again costs one system call.
  if (::mlock(data, size) != 0) all_locked.store(false, std::memory_order_relaxed);
  std::memset(data, 0, size);
  return data;
}

// Keys, and records of usual credentials. Each sealed record that is opened needs some for microseconds; pages of their
// own, with their guards, would cost more system calls than the record, and a locked page each. So secrets of alike size
// share blocks, which are never given back. Larger secrets have pages of their own.
class Slots {
 public:
  explicit Slots(std::size_t size) : size_(size) {}
  std::size_t size() const { return size_; }

  std::uint8_t* take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) grow();
    std::uint8_t* slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint8_t* slot) {
    sodium_memzero(slot, size_);
    std::lock_guard lock(mutex_);
    free_.push_back(slot);  // never allocates: grow() reserved the room
  }

 private:
  static constexpr std::size_t kBlock = 8 * 1024;

  void grow() {
    slots_ += kBlock / size_;
    free_.reserve(slots_);
    std::uint8_t* block = allocate_pages(kBlock);
    for (std::size_t at = 0; at < kBlock; at += size_) free_.push_back(block + at);
  }

  const std::size_t size_;
  std::mutex mutex_;
  std::size_t slots_ = 0;
  std::vector<std::uint8_t*> free_;
};

// Those for a secret of this size; null: it has pages of its own. Never destroyed: secrets with static lifetime may be
// freed after any destructor of ours.
Slots* slots_for(std::size_t size) {
  static auto* keys = new Slots(64);
  static auto* records = new Slots(512);
  if (size <= keys->size()) return keys;
  return size <= records->size() ? records : nullptr;
}

std::uint8_t* allocate(std::size_t size) {
  if (size == 0) return nullptr;
  Slots* slots = slots_for(size);
  return slots ? slots->take() : allocate_pages(size);
}

void release(std::uint8_t* data, std::size_t size) {
  if (!data) return;
  if (Slots* slots = slots_for(size))
    slots->give_back(data);
  else
    sodium_free(data);  // wipes
}

}  // namespace

bool secret_setup() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

bool secret_locked() { return all_locked.load(std::memory_order_relaxed); }

SecretBytes::SecretBytes(std::size_t size) : data_(allocate(size)), size_(size) {}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  if (this != &other) SecretBytes(std::move(other));  // what was here is wiped now, not later
  return *this;
}

SecretBytes::~SecretBytes() { release(data_, size_); }

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
