// /ipfs/id/1.0.0 and /ipfs/id/push/1.0.0: what a peer says of itself. Hints only: nothing of it is proven but the key,
// which Noise proved already. Loop thread.
#pragma once

#include <functional>

#include "base/result.h"
#include "p2p/connection.h"

namespace rfs::p2p {

inline constexpr const char* kIdentifyProtocol = "/ipfs/id/1.0.0";
inline constexpr const char* kIdentifyPushProtocol = "/ipfs/id/push/1.0.0";

// What this node says on a connection.
using SelfDescription = std::function<Identify(Connection&)>;

Protocol identify_protocol(SelfDescription self);
// A peer's news go to connection.identify.
Protocol identify_push_protocol();
// Fills connection.identify; `done` is called once, also when there was no answer (then it is empty).
void identify(Connection& connection, std::function<void()> done);
void push_identify(Connection& connection, const SelfDescription& self);

}  // namespace rfs::p2p
