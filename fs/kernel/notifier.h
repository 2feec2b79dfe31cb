// Notifier: tells the kernel to drop a name, from a thread of its own that holds no lock: such a call blocks while a
// lookup in the same directory is under way. For walkers' sake only; freshness is decided at open. Any thread.
#pragma once

#include <fuse_lowlevel.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <unordered_set>

#include "fs/kernel/node_table.h"

namespace rfs {

class Notifier {
 public:
  explicit Notifier(NodeTable& nodes) : nodes_(nodes) {}
  ~Notifier() { stop(); }
  void start(fuse_session* session);
  // What is queued is dropped (each `then` is called). REQUIRES: lookups are answered, or the connection is gone; else
  // it would wait for ever. Idempotent.
  void stop();

  // then: called when the kernel has dropped the name, or never will; must not block.
  void forget_name(const std::string& path, std::function<void()> then = {});

 private:
  struct Item {
    std::string path;
    std::function<void()> then;
  };
  struct State {
    std::deque<Item> items;
    std::unordered_set<std::string> queued;  // paths of items without a `then`
    bool running = false;
  };
  void run();
  void send(const std::string& path);

  NodeTable& nodes_;
  fuse_session* session_ = nullptr;  // set before the thread starts
  Sync<State> state_;
  std::condition_variable wake_;
  std::mutex joining_;  // stop() may be called by two at once
  std::thread thread_;
};

}  // namespace rfs
