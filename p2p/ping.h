// /ipfs/ping/1.0.0: 32 bytes are sent back, until the other side has enough. Loop thread.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "p2p/connection.h"

namespace rfs::p2p {

inline constexpr const char* kPingProtocol = "/ipfs/ping/1.0.0";

// The answering side, for the table of protocols: at most two a connection.
Protocol ping_protocol();
// Asks once. `done` is called exactly once: the time it took, or why there was no answer.
void ping(Connection& connection, std::function<void(Result<std::chrono::microseconds>)> done);

}  // namespace rfs::p2p
