// Gate: lets an object end while work of its own is still queued on threads that outlive it. What is queued holds the
// gate, not the object, and enters it before it touches anything that may be gone; close() waits for those inside.
// Any thread; close() not from inside.
#pragma once

#include <condition_variable>

#include "base/sync.h"

namespace rfs {

class Gate {
 public:
  // False: closed; touch nothing. Else inside until destroyed.
  class Inside {
   public:
    explicit Inside(Gate& gate) : gate_(gate), open_(gate.enter()) {}
    ~Inside() {
      if (open_) gate_.leave();
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    explicit operator bool() const { return open_; }

   private:
    Gate& gate_;
    const bool open_;
  };

  void close() {
    auto state = state_.lock();
    state->closed = true;
    empty_.wait(state.lock(), [&] { return state->inside == 0; });
  }

 private:
  struct State {
    bool closed = false;
    int inside = 0;
  };
  bool enter() {
    auto state = state_.lock();
    if (!state->closed) ++state->inside;
    return !state->closed;
  }
  void leave() {
    auto state = state_.lock();
    if (--state->inside == 0) empty_.notify_all();
  }
  Sync<State> state_;
  std::condition_variable empty_;
};

}  // namespace rfs
