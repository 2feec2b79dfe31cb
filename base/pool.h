// A fixed set of threads for work that a FUSE worker or the network thread must not do itself (sealing, JSON, SQLite
// beyond one row). Jobs run in the order of submission, on any of the threads. The destructor runs what is queued,
// then joins.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/sync.h"

namespace rfs {

class Pool {
 public:
  explicit Pool(unsigned threads, const char* name);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  // Any thread. The job must not throw. After stop() it is run by the caller.
  void submit(std::function<void()> job);
  // Runs what is queued and joins. Idempotent.
  void stop();

 private:
  struct State {
    std::deque<std::function<void()>> jobs;
    bool stopping = false;
  };
  void run();
  Sync<State> state_;
  std::condition_variable wake_;
  std::vector<std::thread> threads_;
};

}  // namespace rfs
