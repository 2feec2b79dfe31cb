// audit.log, the file: appended to by whoever holds the lock of audit.state. One thread at a time, but sync().
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace rfs::audit {

class LogFile {
 public:
  enum class How { kExisting, kNew };
  // kNotFound: there is none. kExists: there is one already. kDenied: it is not a plain file of this user.
  static Result<std::shared_ptr<LogFile>> open(const std::string& path, How how);

  std::uint64_t inode() const { return inode_; }
  // Its size. kTampered: it was removed, or another file is at its path.
  Result<std::uint64_t> check_in_place();
  // Keeps disk for more than kLeast bytes after the end, so that a line finds room. kNoSpace and the like: there is
  // none; `bytes` could still be written. REQUIRES: check_in_place().
  Result<> make_room(std::size_t bytes);
  // What make_room() kept is free again.
  void give_back_room();
  // One write(). What could not be written whole is cut off again. REQUIRES: the file ends at `size`.
  Result<> append(std::string_view text, std::uint64_t size);
  // fdatasync. Any thread.
  Result<> sync() const;
  int fd() const { return fd_.get(); }
  // True once a part of a line could neither be finished nor cut off.
  bool is_stuck() const { return stuck_; }

 private:
  LogFile() = default;
  static constexpr std::uint64_t kLeast = 64u << 10, kAhead = 1u << 20;

  std::string path_;
  Fd fd_;
  std::uint64_t inode_ = 0;
  dev_t device_ = 0;
  struct stat now_ {};
  std::uint64_t kept_to_ = 0;  // by fallocate
  bool cannot_keep_ = false;   // this file system has no fallocate
  bool stuck_ = false;
};

// The name of a log that ended with line `seq`: audit.log.00000000000000000042.
std::string rotated_name(const std::string& path, std::uint64_t seq);
// The directory of a file that was created or renamed.
Result<> sync_directory_of(const std::string& path);

}  // namespace rfs::audit
