// One connection of the Unix socket, served on the calling thread until either side ends it.
#pragma once

#include <memory>

#include "base/counters.h"
#include "base/time.h"
#include "fs/socket_guard.h"

namespace rfs {

struct ConnectionOptions {
  uid_t served = 0;    // besides root
  Millis deadline{0};  // of one answer, as WalkAccess takes it
};

// The peer's uid is checked first (SO_PEERCRED). fd is not closed. Never throws.
void serve_connection(int fd, const ConnectionOptions& options, Namespace& root, const std::shared_ptr<Guard>& guard,
                      Counters& counters);

}  // namespace rfs
