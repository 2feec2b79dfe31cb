// Pace: when lines go to disk, FORMATS D.5, D.6. Callers that must wait for the disk share its syncs; a thread syncs
// what others left, within a second, the state once a minute or 1,024 lines, and writes the summaries of denials.
//
// The first sync that fails poisons it for good: the kernel tells such an error once, and what is on disk is unknown.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "backends/secrets/audit_journal.h"
#include "base/sync.h"

namespace rfs::audit {

class Pace {
 public:
  // `tick` is called by the thread about once a second while there is something to do; it answers whether there will be
  // more. `epoch` after each checkpoint but the last.
  Pace(Journal& journal, std::function<bool(bool last)> tick, std::function<void()> epoch);
  // Ticks once more, checkpoints, ends the thread.
  ~Pace();
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  // A line was written; it may wait for the thread.
  void written();
  // Returns when every line so far is on disk.
  Result<> sync();
  // There is something for tick().
  void wake();
  // "" or why nothing may be answered until the log is opened anew.
  std::string poison();

 private:
  static constexpr std::uint64_t kLinesOfEpoch = 1024;

  void run();
  bool wait(std::chrono::steady_clock::time_point end);
  bool gather();
  bool checkpoint();
  Result<> poisoned(const Error& error);

  Journal& journal_;
  const std::function<bool(bool)> tick_;
  const std::function<void()> epoch_;
  std::atomic<std::uint64_t> written_{0};
  std::mutex sync_mutex_;  // who holds it syncs for all that wait
  std::atomic<std::uint64_t> synced_{0};
  std::atomic<std::uint64_t> checkpointed_{0};
  Sync<std::string> poison_;
  std::atomic<bool> is_poisoned_{false};

  std::mutex mutex_;  // of the two below; never with sync_mutex_
  std::condition_variable changed_;
  bool stop_ = false;
  std::atomic<bool> idle_{false};   // the thread sleeps until it is woken
  std::atomic<bool> asked_{false};  // wake() was called
  std::thread thread_;
};

}  // namespace rfs::audit
