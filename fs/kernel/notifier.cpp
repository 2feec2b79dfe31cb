#include "fs/kernel/notifier.h"

#include "fs/kernel/quiet_thread.h"

namespace rfs {

void Notifier::start(fuse_session* session) {
  session_ = session;
  state_.lock()->running = true;
  thread_ = quiet_thread([this] { run(); });
}

void Notifier::stop() {
  std::deque<Item> dropped;
  {
    auto state = state_.lock();
    state->running = false;
    dropped.swap(state->items);
    state->queued.clear();
  }
  wake_.notify_all();
  for (auto& item : dropped)
    if (item.then) item.then();
  std::lock_guard lock(joining_);
  if (thread_.joinable()) thread_.join();
}

void Notifier::forget_name(const std::string& path, std::function<void()> then) {
  bool running;
  {
    auto state = state_.lock();
    running = state->running;
    if (running) {
      if (!then && !state->queued.insert(path).second) return;
      state->items.push_back({path, std::move(then)});
    }
  }
  if (running) return wake_.notify_all();
  if (then) then();
}

void Notifier::run() {
  for (;;) {
    Item item;
    {
      auto state = state_.lock();
      wake_.wait(state.lock(), [&] { return !state->running || !state->items.empty(); });
      if (!state->running) return;
      item = std::move(state->items.front());
      state->items.pop_front();
      if (!item.then) state->queued.erase(item.path);
    }
    send(item.path);
    if (item.then) item.then();
  }
}

void Notifier::send(const std::string& path) {
  std::uint64_t parent = path.empty() ? 0 : nodes_.id_of(std::string(parent_path(path)));
  if (parent == 0) return;
  std::string_view name = file_name(path);
  // ENOENT: the kernel does not have the name. That is what was wanted.
  fuse_lowlevel_notify_inval_entry(session_, parent, name.data(), name.size());
}

}  // namespace rfs
