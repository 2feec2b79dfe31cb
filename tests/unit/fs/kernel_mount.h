// A real mount of a KernelTree for a test, and small tools around it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/fd.h"
#include "base/time.h"
#include "fs/kernel/session.h"
#include "kernel_tree.h"
#include "tests/catch.h"

namespace rfs::testing {

// A directory below /tmp that is removed with its owner.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  const std::string path;
};

class Mounted {
 public:
  explicit Mounted(MountOptions options = {});
  ~Mounted();
  std::string at(const std::string& path) const { return scratch.path + "/" + path; }

  Scratch scratch;
  SystemClock clock;
  Counters counters;
  KernelTree tree;
  std::unique_ptr<Session> session;
};

// Whether this machine lets us mount; tests that need it return early, with a warning, where it does not.
bool can_mount();
#define RFS_SKIP_UNLESS(condition, reason) \
  if (!(condition)) {                      \
    WARN("skipped: " reason);              \
    return;                                \
  }
#define RFS_NEEDS_MOUNT() RFS_SKIP_UNLESS(::rfs::testing::can_mount(), "this machine does not let us mount")

// Another program with its output away. Killed and reaped by the destructor if it still runs.
class Child {
 public:
  explicit Child(std::vector<std::string> argv);
  // A fork of this process that runs `body` and exits with its result. The body may only make plain system calls.
  explicit Child(int (*body)(const char*), const std::string& argument);
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ~Child();
  pid_t pid() const { return pid_; }
  // Its exit code, 128 + signal, or -1 when it still runs after `seconds`.
  int wait(int seconds = 10);

 private:
  pid_t pid_ = -1;
};

// Whether it holds within 10 s, for what no event tells.
bool eventually(const std::function<bool()>& holds);
int run(std::vector<std::string> argv);  // exit code

struct Read {
  int error = 0;           // errno of what failed
  std::string content;
  off_t size = -1;         // by fstat after open
};
Read read_whole(const std::string& path);
std::string read_fd(int fd);  // from the beginning
// open + write + close: the errno of the first that failed, 0 if none.
int write_whole(const std::string& path, int flags, const std::string& content);
int open_error(const std::string& path, int flags);
off_t size_of(const std::string& path);  // by stat; -errno when it fails

}  // namespace rfs::testing
