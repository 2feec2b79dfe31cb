// Files that are whole or absent.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"

namespace rfs {

// Whether something has that name: no is ENOENT or ENOTDIR alone. Failure: nobody could look, so nobody knows.
Result<bool> is_there(const std::string& path);
// The whole file, at most `limit` bytes (kTooLarge beyond). A missing file is kNotFound.
Result<std::string> read_file(const std::string& path, std::size_t limit = 64u << 20);
// Written beside, fsynced, renamed over, directory fsynced: a reader sees the old content or the new one.
Result<> replace_file(const std::string& path, std::string_view content, mode_t mode = 0600);
// A file that was not there: mode 0600, synced, whole or absent. kExists: something is there, and stays as it is.
Result<> write_new_file(const std::string& path, BytesView content);
// All missing parents too, with `mode`; an existing directory is left as it is.
Result<> make_directories(const std::string& path, mode_t mode = 0700);
// All bytes or an error; EINTR is retried.
Result<> write_all(int fd, BytesView bytes);
// "~/x" and "~" by HOME (else the password database). Other text is returned unchanged.
std::string expand_home(std::string_view path);

// An advisory lock on a file (flock), held until destroyed. Shared: users of a store. Exclusive: migration, rekey.
class FileLock {
 public:
  enum class Kind { kShared, kExclusive };
  // Does not wait: kBusy when somebody else holds it the other way. A file that was removed meanwhile is made anew.
  static Result<FileLock> take(const std::string& path, Kind kind);
  // Removes the file and lets go of it. REQUIRES: exclusive, so that nobody else relies on it.
  void remove();

 private:
  FileLock(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

}  // namespace rfs
