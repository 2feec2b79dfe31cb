// Strand: steps that run one after another, never two at once, and may take their time: a step ends when it calls
// `done`, from whatever thread. Nobody waits: a step that must wait is run later, by whoever ends the one before it.
// No lock is held while a step runs. Any thread.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>

#include "base/sync.h"

namespace rfs {

class Strand : public std::enable_shared_from_this<Strand> {
 public:
  using Done = std::function<void()>;
  using Step = std::function<void(Done)>;

  // Now, when no other step is running or waiting; else later.
  void run(Step step);
  // The same without a closure, for a short step: true, and then leave() must follow; false: use run().
  bool enter();
  void leave() { pump(); }

 private:
  struct State {
    std::deque<Step> steps;
    bool busy = false;
  };
  void pump();
  Sync<State> state_;
};

}  // namespace rfs
