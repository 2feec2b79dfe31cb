#include "base/out_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"

namespace rfs {

Result<OutFile> OutFile::create(const std::string& path, mode_t mode) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode))
    return fail(Code::kInvalid, path + " is there and is no file", "name another file");
  std::string beside = path + ".XXXXXX";
  Fd fd(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot create a file beside " + path);
  OutFile out(std::move(fd), path, std::move(beside));
  if (::fchmod(out.fd_.get(), mode) != 0) return fail_errno(errno, "cannot set the mode of " + path);
  return out;
}

OutFile::OutFile(OutFile&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})) {}

OutFile::~OutFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<> OutFile::write(BytesView bytes) {
  if (auto written = write_all(fd_.get(), bytes); !written)
    return fail(written.error().code, "cannot write " + path_ + ": " + written.error().message);
  return {};
}

Result<> OutFile::commit() {
  if (::fsync(fd_.get()) != 0) return fail_errno(errno, "cannot sync " + path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return fail_errno(errno, "cannot replace " + path_);
  temporary_.clear();
  // The rename lasts once the directory is on disk; some filesystems cannot sync one.
  const std::size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
  const Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent && ::fsync(parent.get()) != 0 && errno != EINVAL) return fail_errno(errno, "cannot sync " + directory);
  return {};
}

}  // namespace rfs
