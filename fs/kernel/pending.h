// Pending: requests whose answer comes later, from another thread. Each is answered exactly once: by its result, at
// its deadline (ETIMEDOUT), for a reader that a fatal signal is pending for (EINTR), or because the filesystem is being
// unmounted (ECONNABORTED), whichever is first. Any thread; no lock is held while the kernel is answered.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/counters.h"
#include "base/sync.h"
#include "base/time.h"
#include "fs/kernel/request.h"

namespace rfs {

class Pending;

// One such request. The first who claims it answers it; everybody else is told no.
class Ticket {
 public:
  Ticket(Pending& pending, std::uint64_t id, Request request);
  // The right to answer. While one exists, Pending::drain() waits.
  class Claim {
   public:
    Claim(Pending& pending, Request request) : pending_(&pending), request_(std::move(request)) {}
    Claim(Claim&& other) noexcept
        : pending_(std::exchange(other.pending_, nullptr)), request_(std::move(other.request_)) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim();
    Request& request() { return *request_; }

   private:
    Pending* pending_;
    std::optional<Request> request_;
  };
  std::optional<Claim> claim();
  pid_t thread() const { return thread_; }

 private:
  friend class Pending;
  Pending& pending_;
  const std::uint64_t id_;
  const pid_t thread_;
  SteadyTime deadline_{};  // set by watch()
  std::mutex mutex_;       // order: this one, then libfuse's request lock, then Pending's
  std::optional<Request> request_;
  bool watched_ = false;
};

class Pending {
 public:
  // on_interrupt: what libfuse calls with a ticket's id when the kernel interrupts it; it must call interrupted(). An
  // id and not a pointer, because libfuse may call it for a request that is being answered at the same time.
  Pending(const Clock& clock, Counters& counters, Millis deadline, fuse_interrupt_func_t on_interrupt);
  ~Pending();  // REQUIRES: abort_all() and drain() were called, and no ticket is issued any more.

  // Takes the request over. Most are answered before watch() is called, and cost no lock here.
  std::shared_ptr<Ticket> issue(Request request);
  // Called when the work was started and its answer may take time: from now on deadline and signals count.
  void watch(const std::shared_ptr<Ticket>& ticket);

  // Answers all ECONNABORTED, and from now on each that is watched.
  void abort_all();
  // The unmounting did not succeed: serve again.
  void resume();
  // Returns when no answer is on its way to the kernel any more.
  void drain();
  std::size_t waiting();
  void interrupted(std::uint64_t id);

 private:
  friend class Ticket;
  struct State {
    std::map<std::uint64_t, std::shared_ptr<Ticket>> tickets;
    std::set<std::uint64_t> interrupted;  // looked at again at each tick
    std::size_t answering = 0;
    bool aborting = false;
    bool stopping = false;
  };
  void forget(std::uint64_t id);
  void run();
  void sweep();

  const Clock& clock_;
  Counters& counters_;
  const Millis deadline_;
  const fuse_interrupt_func_t on_interrupt_;
  std::atomic<std::uint64_t> next_id_{1};
  Sync<State> state_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::thread thread_;
};

}  // namespace rfs
