// Loop: one thread and its event loop. Everything of a node that has a socket or a timer lives on it; other threads
// hand jobs over. Standalone asio is behind it and in two source files only (loop.cpp, tcp.cpp).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "p2p/multiaddr.h"

namespace rfs::p2p {

class Loop {
 public:
  // Make it after the process has daemonised: the thread does not survive a fork.
  explicit Loop(const char* name);
  ~Loop();  // stop()
  // Any thread. False after stop(): the job is dropped. Jobs must not throw.
  bool post(std::function<void()> job);
  // Any thread. Dropped at stop().
  void after(Millis delay, std::function<void()> job);
  // Ends the loop without running what is queued, and joins. Not from the loop's thread. Idempotent.
  void stop();
  bool inside() const;  // on the loop's thread

  // Addresses of a name, at most 16, IPv4 and IPv6 as the endpoint's kind says. `done` runs on the loop, once, unless
  // it is stopped. A resolver that hangs costs a thread of its own and nothing else; at most four are let hang.
  void resolve(const TcpEndpoint& name, std::function<void(Result<std::vector<TcpEndpoint>>)> done);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace rfs::p2p
