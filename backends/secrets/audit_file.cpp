#include "backends/secrets/audit_file.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

#include "backends/secrets/audit_state.h"

namespace rfs::audit {

Result<std::shared_ptr<LogFile>> LogFile::open(const std::string& path, How how) {
  std::shared_ptr<LogFile> file(new LogFile);
  file->path_ = path;
  TRY_ASSIGN(file->fd_, open_own(path, O_RDWR | O_APPEND | (how == How::kNew ? O_CREAT | O_EXCL : 0)));
  if (::fstat(file->fd_.get(), &file->now_) != 0) return fail_errno(errno, "cannot look at audit.log");
  file->inode_ = file->now_.st_ino;
  file->device_ = file->now_.st_dev;
  return file;
}

Result<std::uint64_t> LogFile::check_in_place() {
  if (::fstat(fd_.get(), &now_) != 0) return fail_errno(errno, "cannot look at audit.log");
  struct stat there {};
  if (now_.st_nlink == 0 || ::stat(path_.c_str(), &there) != 0)
    return fail(Code::kTampered, "audit.log was removed",
                "put it back, or move audit.state away too to begin a new log");
  if (there.st_ino != inode_ || there.st_dev != device_)
    return fail(Code::kTampered, "audit.log was replaced by another file",
                "put it back, or move both files of the log away to begin a new one");
  return static_cast<std::uint64_t>(now_.st_size);
}

Result<> LogFile::make_room(std::size_t bytes) {
  if (cannot_keep_) return {};
  const auto size = static_cast<std::uint64_t>(now_.st_size);
  // Blocks after the end count: so the room that another process keeps is seen. Not every file system tells at once.
  const std::uint64_t kept = std::max(static_cast<std::uint64_t>(now_.st_blocks) * 512, kept_to_);
  if (kept >= size + bytes + kLeast) return {};
  while (::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size), kAhead) != 0) {
    if (errno == EINTR) continue;
    if (errno == EOPNOTSUPP || errno == ENOSYS) {
      cannot_keep_ = true;
      return {};
    }
    return fail_errno(errno, "no room for the audit log");
  }
  kept_to_ = size + kAhead;
  return {};
}

void LogFile::give_back_room() {
  kept_to_ = 0;
  // To the size that it has: that frees what lies behind. Where it does not, the room stays taken, no more.
  [[maybe_unused]] const int rc = ::ftruncate(fd_.get(), now_.st_size);
}

Result<> LogFile::append(std::string_view text, std::uint64_t size) {
  ssize_t n;
  do {
    n = ::write(fd_.get(), text.data(), text.size());
  } while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(text.size())) return {};
  const int error = n < 0 ? errno : ENOSPC;
  if (n > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) stuck_ = true;
  return fail_errno(error, "a line of the audit log could not be written");
}

Result<> LogFile::sync() const {
  while (::fdatasync(fd_.get()) != 0)
    if (errno != EINTR) return fail_errno(errno, "audit.log could not be synced to disk");
  return {};
}

std::string rotated_name(const std::string& path, std::uint64_t seq) { return fmt::format("{}.{:020}", path, seq); }

Result<> sync_directory_of(const std::string& path) {
  const Fd fd(::open(path.substr(0, path.rfind('/')).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL))
    return fail_errno(errno, "cannot sync the directory of audit.log");
  return {};
}

}  // namespace rfs::audit
