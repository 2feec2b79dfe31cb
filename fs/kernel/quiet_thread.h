// A thread that no signal is delivered to: they belong to the threads of cli, which wait for them.
#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace rfs {

template <class Function>
std::thread quiet_thread(Function&& function) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the new thread
  std::thread thread(std::forward<Function>(function));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace rfs
