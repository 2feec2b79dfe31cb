#include "crypto/key_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/fd.h"
#include "base/file.h"
#include "crypto/key_text.h"

namespace rfs {
namespace {

Result<SecretBytes> read_key(int fd, const std::string& path) {
  SecretBytes buffer(kKeyTextMost);
  std::size_t size = 0;
  while (size < buffer.size()) {
    ssize_t n = ::read(fd, buffer.reveal_mutable().data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot read " + path);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  auto key = key_from_text(buffer.reveal().first(size));
  if (!key) return fail(Code::kNoKey, path + ": " + key.error().message, key.error().hint);
  return key;
}

// O_NONBLOCK: a FIFO of that name must not stop the program.
Fd open_key(const std::string& path, int more) {
  return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | more));
}

tl::unexpected<Error> refused(const std::string& path, const char* why, const std::string& hint) {
  return fail(Code::kNoKey, "the key file " + path + " " + why, hint);
}

Result<> check_owner_only(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return fail_errno(errno, "cannot look at " + path);
  if (!S_ISREG(info.st_mode)) return refused(path, "is not a regular file", "put the file itself there");
  if (info.st_uid != ::geteuid())
    return refused(path, "belongs to another user",
                   "run as its owner, or chown it to uid " + std::to_string(::geteuid()));
  if (info.st_mode & 077) return refused(path, "can be used by others than its owner", "chmod 600 " + path);
  if (info.st_nlink != 1)
    return refused(path, "has more than one name",
                   "remove the other hard link: find its file system with -inum " + std::to_string(info.st_ino));
  return {};
}

}  // namespace

Result<SecretBytes> read_key_file(const std::string& path) {
  Fd fd = open_key(path, O_NOFOLLOW);
  if (!fd && errno == ENOENT) return fail(Code::kNotFound, "there is no key file " + path);
  if (!fd && errno == ELOOP) return refused(path, "is a symbolic link", "put the file itself there");
  if (!fd) {
    auto why = fail_errno(errno, "cannot open the key file " + path);
    return fail(Code::kNoKey, why.value().message, "run as its owner");
  }
  TRY(check_owner_only(fd.get(), path));
  return read_key(fd.get(), path);
}

namespace {

// A file of its own beside `path`, whole and synced, then renamed to it.
Result<> keep_key(const std::string& path, const SecretBytes& key, unsigned rename_flags) {
  const std::string directory = path.substr(0, path.rfind('/'));
  std::string beside = path + ".XXXXXX";
  Fd fd(::mkostemp(beside.data(), O_CLOEXEC));  // 0600
  if (!fd) return fail_errno(errno, "cannot create a file in " + directory);
  auto kept = [&]() -> Result<> {
    TRY(write_all(fd.get(), key_to_text(key).reveal()));
    if (::fsync(fd.get()) != 0) return fail_errno(errno, "cannot sync " + path);
    // Not link and unlink: for a moment the file would have two names, which a reader refuses.
    if (::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, path.c_str(), rename_flags) != 0)
      return fail_errno(errno, "cannot create the key file " + path);
    return {};
  }();
  if (!kept) {
    ::unlink(beside.c_str());
    return fail(std::move(kept.error()));
  }
  Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || (::fsync(parent.get()) != 0 && errno != EINVAL)) return fail_errno(errno, "cannot sync " + directory);
  return {};
}

}  // namespace

Result<SecretBytes> create_key_file(const std::string& path) {
  TRY(make_directories(path.substr(0, path.rfind('/')), 0700));
  SecretBytes key = SecretBytes::random(32);
  TRY(keep_key(path, key, RENAME_NOREPLACE));
  return key;
}

Result<> replace_key_file(const std::string& path, const SecretBytes& key) {
  TRY_ASSIGN([[maybe_unused]] const SecretBytes present, read_key_file(path));
  return keep_key(path, key, 0);
}

Result<SecretBytes> read_key_credential(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (!directory || !*directory)
    return fail(Code::kNotFound, "there is no systemd credential: CREDENTIALS_DIRECTORY is not set");
  std::string path = std::string(directory) + "/" + name;
  Fd fd = open_key(path, 0);
  if (!fd && errno == ENOENT) return fail(Code::kNotFound, "there is no systemd credential " + name);
  if (!fd) {
    auto why = fail_errno(errno, "cannot open the systemd credential " + name);
    return fail(Code::kNoKey, why.value().message);
  }
  return read_key(fd.get(), "the systemd credential " + name);
}

}  // namespace rfs
