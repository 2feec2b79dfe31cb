// Preloaded by test_audit.py: while the file $SYNC_FAILS exists, fdatasync() of a file named audit.log answers EIO, as a
// disk does that lost what it had been given.
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" int fdatasync(int file) {
  static auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  static const char* flag = std::getenv("SYNC_FAILS");
  if (flag && ::access(flag, F_OK) == 0) {
    char link[64], name[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t size = ::readlink(link, name, sizeof name - 1);
    name[size < 0 ? 0 : size] = '\0';
    const char* last = std::strrchr(name, '/');
    if (last && std::strcmp(last, "/audit.log") == 0) return errno = EIO, -1;
  }
  return real(file);
}
