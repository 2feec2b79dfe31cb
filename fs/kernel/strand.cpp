#include "fs/kernel/strand.h"

namespace rfs {

bool Strand::enter() {
  auto state = state_.lock();
  if (state->busy) return false;
  state->busy = true;
  return true;
}

void Strand::run(Step step) {
  {
    auto state = state_.lock();
    state->steps.push_back(std::move(step));
    if (state->busy) return;
    state->busy = true;
  }
  pump();
}

void Strand::pump() {
  auto self = shared_from_this();  // a step may hold the last reference to whoever owns this
  for (;;) {
    Step step;
    {
      auto state = state_.lock();
      if (state->steps.empty()) {
        state->busy = false;
        return;
      }
      step = std::move(state->steps.front());
      state->steps.pop_front();
    }
    // Both the return of the step and its `done` pass here; the second of the two goes on with the next step. So a
    // step that is done at once costs no recursion.
    auto passed = std::make_shared<std::atomic<bool>>(false);
    step([passed, self] {
      if (passed->exchange(true)) self->pump();
    });
    if (!passed->exchange(true)) return;
  }
}

}  // namespace rfs
