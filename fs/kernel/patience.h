// A call that a hung filesystem may never return from, with a limit of 2 s: it runs on a thread of its own, which is
// left behind when the time is over.
#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "fs/kernel/quiet_thread.h"

namespace rfs {

// Nullopt: no answer in time. `call` must own what it uses.
template <class Call>
auto with_patience(Call call) -> std::optional<decltype(call())> {
  std::packaged_task<decltype(call())()> task(std::move(call));
  auto answer = task.get_future();
  quiet_thread([task = std::move(task)]() mutable { task(); }).detach();
  if (answer.wait_for(std::chrono::seconds(2)) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

}  // namespace rfs
