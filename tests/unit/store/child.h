// A child process that uses a store: store_child (child.cpp).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"

namespace rfs::test {

class Child {
 public:
  // REQUIREs that it starts.
  explicit Child(std::vector<std::string> arguments);
  // Killed if it still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Its next line, without the newline; "" at its end.
  std::string line();
  // Ends its input and waits; its exit code, or -1 when a signal ended it.
  int wait();
  // SIGKILL.
  void kill();

 private:
  pid_t pid_ = -1;
  Fd input_, output_;
};

}  // namespace rfs::test
