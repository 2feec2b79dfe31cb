// OutFile: a file that is written piece by piece and is whole or absent: made beside its place under another name, and
// renamed there when it is done. One thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"

namespace rfs {

class OutFile {
 public:
  // kInvalid: something that is no file stands at `path` (a directory, a device). The directory must be there.
  static Result<OutFile> create(const std::string& path, mode_t mode = 0600);
  OutFile(OutFile&& other) noexcept;
  OutFile& operator=(OutFile&&) = delete;
  // Without commit(): nothing is left, and what stood at `path` is as it was.
  ~OutFile();

  Result<> write(BytesView bytes);
  // On disk under its name when it returns. Once.
  Result<> commit();

 private:
  OutFile(Fd fd, std::string path, std::string temporary)
      : fd_(std::move(fd)), path_(std::move(path)), temporary_(std::move(temporary)) {}
  Fd fd_;
  std::string path_, temporary_;
};

}  // namespace rfs
