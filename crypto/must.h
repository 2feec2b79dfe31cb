// For calls of OpenSSL and zstd that fail only when memory is gone or the library is broken: there is no way to go on,
// and an answer without its hash or tag would be worse than none.
#pragma once

namespace rfs {

// Ends the process with one line when `fine` is false. `what` names the algorithm.
void library_must(bool fine, const char* what);

}  // namespace rfs
