#include "base/pool.h"

#include <pthread.h>
#include <signal.h>

#include <string>

namespace rfs {

Pool::Pool(unsigned threads, const char* name) {
  // Signals are for the main thread, which waits for them; faults stay with the thread that makes them.
  sigset_t all, before;
  sigfillset(&all);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const std::string short_name = std::string(name).substr(0, 15);  // the kernel's limit
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    pthread_setname_np(threads_.back().native_handle(), short_name.c_str());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Pool::~Pool() { stop(); }

void Pool::submit(std::function<void()> job) {
  {
    auto state = state_.lock();
    if (!state->stopping) {
      state->jobs.push_back(std::move(job));
      wake_.notify_one();
      return;
    }
  }
  job();
}

void Pool::stop() {
  state_.lock()->stopping = true;
  wake_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Pool::run() {
  for (;;) {
    std::function<void()> job;
    {
      auto state = state_.lock();
      wake_.wait(state.lock(), [&] { return state->stopping || !state->jobs.empty(); });
      if (state->jobs.empty()) return;
      job = std::move(state->jobs.front());
      state->jobs.pop_front();
    }
    job();
  }
}

}  // namespace rfs
