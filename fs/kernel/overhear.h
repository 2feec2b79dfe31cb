// What a program that somebody else starts for us says on standard error: libfuse starts fusermount3 and keeps to itself
// why that refused. Meanwhile standard error of the process is a file in memory; one thread, one at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"

namespace rfs {

class Overhear {
 public:
  // Where standard error is closed or memory is short, nothing is heard and nothing changes.
  Overhear();
  Overhear(const Overhear&) = delete;
  Overhear& operator=(const Overhear&) = delete;
  ~Overhear() { (void)end(""); }
  // Standard error is what it was. The lines that name `who`, joined by "; "; all others go on to where they were meant for.
  std::string end(std::string_view who);

 private:
  Fd heard_, stderr_;
};

}  // namespace rfs
