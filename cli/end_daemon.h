// Ends a daemon and waits until its process is gone.
#pragma once

#include <string>

#include "base/result.h"

namespace rfs {

// Of a mount: readers get an error, it is unmounted, within 10 s. kBusy: the hint names who holds it.
Result<> end_mount(const std::string& mountpoint, const std::string& socket, bool lazy);
// Of a socket without a mount. kUnreachable: nobody listens there. kBusy: it has a mount.
Result<> end_serve(const std::string& socket);

}  // namespace rfs
