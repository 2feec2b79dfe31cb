#include "base/file.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

namespace rfs {
namespace {

std::string directory_of(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// A rename is durable once its directory is. Some filesystems refuse fsync of a directory: then it cannot be had.
Result<> sync_directory(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot open the directory of " + name_of(path));
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return fail_errno(errno, "cannot sync the directory " + name_of(path));
  return {};
}

}  // namespace

Result<> write_new_file(const std::string& path, BytesView content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd && errno == EEXIST) return fail(Code::kExists, path + " is there already", "name another file");
  if (!fd) return fail_errno(errno, "cannot make " + path);
  auto written = write_all(fd.get(), content);
  if (written && ::fsync(fd.get()) != 0) written = fail_errno(errno, "cannot sync " + path);
  if (!written) ::unlink(path.c_str());
  return written;
}

Result<bool> is_there(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return fail_errno(errno, "cannot look for " + path);
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot open " + path);
  std::string content;
  char buffer[16 * 1024];
  for (;;) {
    ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot read " + path);
    if (n == 0) return content;
    if (content.size() + static_cast<std::size_t>(n) > limit)
      return fail(Code::kTooLarge, path + " is larger than " + std::to_string(limit) + " bytes");
    content.append(buffer, static_cast<std::size_t>(n));
  }
}

Result<> write_all(int fd, BytesView bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  std::string beside = path + ".XXXXXX";
  Fd fd(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot create a file beside " + path);
  auto written = [&]() -> Result<> {
    if (::fchmod(fd.get(), mode) != 0) return fail_errno(errno, "cannot set the mode of " + path);
    TRY(write_all(fd.get(), view(content)));
    if (::fsync(fd.get()) != 0) return fail_errno(errno, "cannot sync " + path);
    if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "cannot replace " + path);
    return {};
  }();
  if (!written) {
    ::unlink(beside.c_str());
    return written;
  }
  return sync_directory(directory_of(path));
}

Result<> make_directories(const std::string& path, mode_t mode) {
  if (path.empty()) return fail(Code::kInvalid, "the path of a directory is empty");
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string prefix = path.substr(0, end);
    if (::mkdir(prefix.c_str(), mode) != 0) {
      int error = errno;
      struct stat info {};
      // A parent may be on a read-only filesystem, or not ours to write: it only has to be there.
      if (::stat(prefix.c_str(), &info) != 0)
        return fail_errno(error == EEXIST ? errno : error, "cannot create " + prefix);
      if (!S_ISDIR(info.st_mode)) return fail(Code::kNotDirectory, prefix + " is not a directory");
    }
    if (end == std::string::npos) return {};
  }
}

std::string expand_home(std::string_view path) {
  if (path != "~" && !path.starts_with("~/")) return std::string(path);
  std::string home;
  if (const char* value = std::getenv("HOME"); value && *value) {
    home = value;
  } else {
    char buffer[4096];
    passwd entry{}, *found = nullptr;
    if (::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &found) != 0 || !found) return std::string(path);
    home = found->pw_dir;
  }
  return home + std::string(path.substr(1));
}

namespace {

// Nullopt: somebody removed the file between our opening and our locking it, so that the lock shuts nobody out.
Result<std::optional<Fd>> lock_file(const std::string& path, FileLock::Kind kind) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  // A store on a read-only filesystem is still shared with its readers.
  if (!fd && (errno == EROFS || errno == EACCES)) fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail_errno(errno, "cannot open the lock " + path);
  int operation = (kind == FileLock::Kind::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  while (::flock(fd.get(), operation) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return fail(Code::kBusy, path + " is locked by another process");
    return fail_errno(errno, "cannot lock " + path);
  }
  struct stat ours {
  }, there{};
  if (::fstat(fd.get(), &ours) != 0 || ::lstat(path.c_str(), &there) != 0 || ours.st_ino != there.st_ino ||
      ours.st_dev != there.st_dev)
    return std::optional<Fd>();
  return std::optional<Fd>(std::move(fd));
}

}  // namespace

Result<FileLock> FileLock::take(const std::string& path, Kind kind) {
  constexpr int kMostTries = 100;  // each means that another process came and went meanwhile
  for (int tries = 0; tries < kMostTries; ++tries) {
    TRY_ASSIGN(auto fd, lock_file(path, kind));
    if (fd) return FileLock(std::move(*fd), path);
  }
  return fail(Code::kBusy, path + " is removed again and again");
}

void FileLock::remove() {
  ::unlink(path_.c_str());
  fd_.reset();
}

}  // namespace rfs
