// Locks between the processes (and the stores of one process) that share a store's directory.
//
// Pins: a body that a reader may still want is not collected, whoever evicts its entry. A pin is a shared lock on one
// byte of the `lock` file, at an offset taken from the body's id, so the kernel drops it when its holder is killed.
// Gate: one at a time opens, makes, repairs or sets aside the database.
// Both are open-file-description locks (fcntl(2)) and independent of the flock of base/file.h on the same file.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/sync.h"

namespace rfs::store {

class Locks : public std::enable_shared_from_this<Locks> {
 public:
  // path: the `lock` file, made if missing; "" keeps pins within this object (a store in memory).
  // On a read-only file system without that file nobody can collect anything, so there is nothing to lock either.
  static Result<std::shared_ptr<Locks>> open(const std::string& path);

  // Any thread. Held until the last copy is gone.
  class Pin {
   public:
    Pin(std::shared_ptr<Locks> locks, const Id16& id);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    std::shared_ptr<Locks> locks_;
    const Id16 id_;
  };
  std::shared_ptr<const Pin> pin(const Id16& id);
  // By anybody on this machine.
  bool pinned(const Id16& id);

  class Gate {
   public:
    Gate(Gate&& other) noexcept : locks_(std::move(other.locks_)) {}
    Gate& operator=(Gate&&) = delete;
    ~Gate();

   private:
    friend class Locks;
    explicit Gate(std::shared_ptr<Locks> locks) : locks_(std::move(locks)) {}
    std::shared_ptr<Locks> locks_;
  };
  // Waits up to ten seconds, then kBusy. REQUIRES: this object's gate is not held.
  Result<Gate> gate();

 private:
  struct Hash {
    std::size_t operator()(const Id16& id) const { return static_cast<std::size_t>(read_be<std::uint64_t>(id)); }
  };
  Locks() = default;
  bool set(short type, std::int64_t offset) const;

  Fd fd_;
  bool writable_ = false;
  Sync<std::unordered_map<Id16, int, Hash>> pins_;
};

}  // namespace rfs::store
