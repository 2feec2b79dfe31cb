#include "backends/store/objects.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/encode.h"
#include "base/file.h"
#include "base/handle.h"

namespace rfs::store {

namespace {

constexpr std::string_view kDraftSuffix = ".draft";

// A failed system call on what is in the folder; what a user can do about a full disk is said here once.
tl::unexpected<Error> failed(Error error, const std::string& what) {
  error.message = what + " objects of the store: " + error.message;
  if (error.code == Code::kNoSpace) error.hint = "free some space on its file system";
  return fail(std::move(error));
}

tl::unexpected<Error> failed(int error, const std::string& what) {
  return failed(Error{from_errno(error), std::strerror(error), {}}, what);
}

std::string draft_name(const std::string& name) { return name + std::string(kDraftSuffix); }

}  // namespace

Result<Objects> Objects::open(const std::string& path, bool read_only) {
  if (!read_only && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(errno, "cannot make");
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!folder && !(read_only && errno == ENOENT)) return failed(errno, "cannot open");
  return Objects(std::move(folder));
}

Objects::Draft::Draft(Draft&& other) noexcept
    : folder_(other.folder_), name_(std::move(other.name_)), fd_(std::move(other.fd_)) {}

Objects::Draft::~Draft() {
  if (fd_) ::unlinkat(folder_, draft_name(name_).c_str(), 0);
}

Result<Objects::Draft> Objects::create(const Id16& id) const {
  std::string name = hex(id);
  Fd fd(::openat(folder_.get(), draft_name(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return failed(errno, "cannot create a file in");
  return Draft(folder_.get(), std::move(name), std::move(fd));
}

Result<> Objects::Draft::append(BytesView bytes) {
  auto written = write_all(fd_.get(), bytes);
  if (!written) return failed(std::move(written.error()), "cannot write a body to");
  return {};
}

Result<> Objects::Draft::keep() {
  if (::fsync(fd_.get()) != 0) return failed(errno, "cannot sync a body in");
  if (::renameat(folder_, draft_name(name_).c_str(), folder_, name_.c_str()) != 0)
    return failed(errno, "cannot name a body in");
  fd_.reset();
  // Some file systems cannot sync a directory; then the row may outlive the file, which reads as a broken body.
  if (::fsync(folder_) != 0 && errno != EINVAL) {
    int error = errno;
    ::unlinkat(folder_, name_.c_str(), 0);
    return failed(error, "cannot sync");
  }
  return {};
}

Result<Bytes> Objects::read(const Id16& id, std::uint64_t offset, std::size_t length) const {
  // Opened for each chunk: a descriptor held by every body in memory would run into the limit of open files.
  Fd fd(::openat(folder_.get(), hex(id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail(Code::kBroken, "a body is missing from objects of the store");
  Bytes bytes(length);
  std::size_t done = 0;
  while (done < length) {
    ssize_t n = ::pread(fd.get(), bytes.data() + done, length - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(errno, "cannot read a body in");
    if (n == 0) return fail(Code::kBroken, "a body in objects of the store is cut short");
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

bool Objects::holds(const Id16& id, std::int64_t length) const {
  const std::string name = hex(id);
  struct stat status {};
  return folder_ && ::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode) && status.st_size == length &&
         ::faccessat(folder_.get(), name.c_str(), R_OK, AT_EACCESS) == 0;
}

void Objects::remove(const Id16& id) const {
  if (!folder_) return;
  std::string name = hex(id);
  ::unlinkat(folder_.get(), name.c_str(), 0);
  ::unlinkat(folder_.get(), draft_name(name).c_str(), 0);
}

std::vector<Id16> Objects::list() const {
  std::vector<Id16> ids;
  Fd fd(folder_ ? ::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
  if (!fd) return ids;
  Handle<DIR, closedir> dir(::fdopendir(fd.get()));
  if (!dir) return ids;
  fd.release();  // closedir closes it
  while (const dirent* at = ::readdir(dir.get())) {
    std::string_view name = at->d_name;
    if (name.ends_with(kDraftSuffix)) name.remove_suffix(kDraftSuffix.size());
    auto bytes = unhex(name);
    if (!bytes || bytes->size() != std::tuple_size_v<Id16> || hex(*bytes) != name) continue;
    Id16 id;
    std::copy(bytes->begin(), bytes->end(), id.begin());
    ids.push_back(id);
  }
  return ids;
}

}  // namespace rfs::store
