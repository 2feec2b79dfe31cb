#include "crypto/openssl.h"

#include <cstdio>
#include <cstdlib>

namespace rfs {

void openssl_must(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "runnerfs: error: libcrypto cannot do %s\n", what);
  std::abort();
}

}  // namespace rfs
