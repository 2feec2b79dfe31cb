#include "fs/kernel/overhear.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"

namespace rfs {

Overhear::Overhear() : heard_(::memfd_create("runnerfs-stderr", MFD_CLOEXEC)) {
  if (!heard_) return;
  stderr_ = Fd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (stderr_ && ::dup2(heard_.get(), STDERR_FILENO) < 0) stderr_.reset();
}

std::string Overhear::end(std::string_view who) {
  if (!stderr_) return "";
  ::dup2(stderr_.get(), STDERR_FILENO);
  stderr_.reset();
  std::string text, named, others;
  char buffer[4096];
  for (ssize_t n; (n = ::pread(heard_.get(), buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!who.empty() && line.find(who) != line.npos)
      named += (named.empty() ? "" : "; ") + line;
    else
      others += line + "\n";
  }
  if (!others.empty()) (void)write_all(STDERR_FILENO, view(others));
  return named;
}

}  // namespace rfs
