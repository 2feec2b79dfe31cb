// The loop's insides, for loop.cpp and tcp.cpp alone.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <atomic>
#include <thread>

#include "p2p/loop.h"

namespace rfs::p2p {

struct Loop::Impl {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
  std::atomic<bool> stopped{false};
  std::atomic<int> resolving{0};
  // One buffer for all sockets: bytes are read when they are there and handled before the next read.
  Bytes buffer = Bytes(256 * 1024);
};

}  // namespace rfs::p2p
