// audit.state, FORMATS D.5: where the chain stands, in two slots, and the lock under which lines are written.
// One thread at a time; the OFD lock keeps processes apart.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs::audit {

constexpr std::size_t kSlot = 128;

// After line `seq`.
struct State {
  std::uint64_t seq = 0;
  SecretBytes key;  // A_seq
  Digest mac{};
  std::uint64_t inode = 0;  // of audit.log
  std::uint64_t size = 0;
  std::uint64_t generation = 0;  // the highest that a line names
  std::uint64_t boot = 0;        // of the machine, when that line was written

  State clone() const;
};

// u64 seq ‖ A[32] ‖ mac[32] ‖ u64 inode ‖ u64 size ‖ u64 generation ‖ u64 boot ‖ the first 24 bytes of HMAC(A, all
// that). REQUIRES: slot.size() == kSlot; of secret memory, as it holds the key.
void encode_slot(const State& state, MutableBytes slot);
// False: the slot is not whole. REQUIRES: slot.size() == kSlot.
bool decode_slot(BytesView slot, State& state);
// The newer slot that is whole. kTampered: neither is.
Result<State> decode_state(BytesView slots);

// The first 8 bytes of SHA-256 of /proc's boot id.
std::uint64_t boot_number(const std::string& boot_id);
std::string boot_id();

class StateFile {
 public:
  // Made empty when it is not there. kDenied: it is not a plain file of ours.
  static Result<std::unique_ptr<StateFile>> open(const std::string& path);

  // Held for one line by whoever writes it, shared by who reads what must not move. kBusy: another process held it for
  // longer than two seconds, which no writer does unless it was stopped.
  class Lock {
   public:
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~Lock();

   private:
    friend class StateFile;
    explicit Lock(int fd) : fd_(fd) {}
    int fd_;
  };
  Result<Lock> lock() { return take_lock(fd_.get(), true); }
  static Result<Lock> take_lock(int fd, bool exclusive);

  // REQUIRES: the lock is held for the rest.
  // kTampered: the file at `path` is another one, or none.
  Result<> check_in_place() const;
  bool empty() const;
  // The state as the last writer left it; the one in memory when that was this object.
  Result<const State*> read();
  // Into both slots, one after the other, so that the key before this one is gone. To the page cache.
  Result<> write(State state);
  Result<> sync() const;

 private:
  StateFile() = default;
  std::string path_;
  Fd fd_;
  struct stat info_ {};
  SecretBytes slots_{2 * kSlot};  // as last read or written
  SecretBytes reading_{2 * kSlot};
  State state_;  // of slots_
};

// Open for this process alone to use: a regular file of the effective user (or anybody's, for root), one name, mode
// 0600, no link followed. `flags` as open(2).
Result<Fd> open_own(const std::string& path, int flags);

}  // namespace rfs::audit
