// Told: threads that were just answered ESTALE at open. The kernel looks the name up again and opens the new node,
// once: a second ESTALE would reach the program. So a thread that is found here is served with what it comes back with.
//
// A writer is told ESTALE too, so that it gets a draft node of its own and readers of the present version keep their
// node: the draft waits here for that thread's LOOKUP. Bounded; an entry counts for 10 s. Any thread.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "base/sync.h"
#include "base/time.h"
#include "fs/kernel/node_table.h"

namespace rfs {

class Told {
 public:
  explicit Told(const Clock& clock) : clock_(clock) {}
  // draft: null for a reader.
  void tell(pid_t thread, const std::string& path, KernelNodePtr draft);
  // What its LOOKUP found, so that its OPEN can be served that version. Nothing happens for other threads.
  void found(pid_t thread, const std::string& path, const FilePtr& file);
  struct Taken {
    bool told = false;
    FilePtr file;  // what found() said last; may be null
  };
  // Whether this thread was told so about this path; answers yes once.
  Taken take(pid_t thread, const std::string& path);
  // The draft that waits for it; null when there is none. Stays until take().
  KernelNodePtr draft(pid_t thread, const std::string& path);

 private:
  struct Entry {
    pid_t thread;
    std::string path;
    KernelNodePtr draft;
    SteadyTime at;
    FilePtr file;
  };
  using Entries = std::deque<Entry>;
  static constexpr std::size_t kMost = 1024;
  Entries::iterator find(Entries& entries, pid_t thread, const std::string& path);

  const Clock& clock_;
  Sync<Entries> entries_;  // oldest first
};

}  // namespace rfs
