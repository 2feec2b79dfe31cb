#include "fs/tree/accessor.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "base/fd.h"

namespace rfs {
namespace {

// Tgid of /proc/THREAD/status; the thread itself when that cannot be read.
pid_t process_of(pid_t thread) {
  const Fd file(::open(fmt::format("/proc/{}/status", thread).c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[512];
  const ssize_t size = file ? ::read(file.get(), buffer, sizeof buffer - 1) : -1;
  if (size <= 0) return thread;
  buffer[size] = '\0';
  const std::string_view status(buffer, static_cast<std::size_t>(size));
  const auto at = status.find("\nTgid:");
  return at == std::string_view::npos ? thread : static_cast<pid_t>(std::strtol(buffer + at + 6, nullptr, 10));
}

}  // namespace

Accessor accessor_of(const Caller& caller) {
  Accessor out;
  out.uid = caller.uid;
  out.gid = caller.gid;
  if (caller.pid <= 0) return out;  // in a pid namespace that is not ours
  out.pid = process_of(caller.pid);
  char path[PATH_MAX];
  const ssize_t size = ::readlink(fmt::format("/proc/{}/exe", caller.pid).c_str(), path, sizeof path);
  if (size > 0) out.exe.assign(path, static_cast<std::size_t>(size));
  return out;
}

}  // namespace rfs
