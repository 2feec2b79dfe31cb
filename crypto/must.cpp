#include "crypto/must.h"

#include <cstdio>
#include <cstdlib>

namespace rfs {

void library_must(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "runnerfs: error: the library cannot do %s\n", what);
  std::abort();
}

}  // namespace rfs
