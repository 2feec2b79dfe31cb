#include "cli/github_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/encode.h"
#include "base/file.h"
#include "base/secret.h"

namespace rfs {

Result<> append_outputs(const std::string& file, const std::vector<std::pair<std::string, std::string>>& outputs) {
  const Fd fd(::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, "cannot open " + file + " for the outputs of this step");
  std::string text;
  // What another program left without a line's end must not swallow our first name.
  struct stat info {};
  char last = '\n';
  if (::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
      ::pread(fd.get(), &last, 1, info.st_size - 1) == 1 && last != '\n')
    text = "\n";
  for (const auto& [name, value] : outputs) {
    const std::string delimiter = "ghadelimiter_" + hex(SecretBytes::random(16).reveal());
    text += fmt::format("{0}<<{1}\n{2}\n{1}\n", name, delimiter, value);
  }
  return write_all(fd.get(), view(text));
}

}  // namespace rfs
