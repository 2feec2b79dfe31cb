// Sync<T>: data that can be reached only through its lock.
//
//   Sync<Map> map_;
//   auto map = map_.lock();   // locked until `map` goes out of scope
//   map->insert(…);
//
// No lock is held while another layer is called, a callback is run or the kernel is answered.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace rfs {

template <class T>
class Sync {
 public:
  class Locked {
   public:
    Locked(std::mutex& mutex, T& data) : lock_(mutex), data_(data) {}
    T* operator->() { return &data_; }
    T& operator*() { return data_; }
    // For waiting on a condition variable with this lock.
    std::unique_lock<std::mutex>& lock() { return lock_; }

   private:
    std::unique_lock<std::mutex> lock_;
    T& data_;
  };

  Sync() = default;
  explicit Sync(T data) : data_(std::move(data)) {}
  Locked lock() { return Locked(mutex_, data_); }

 private:
  std::mutex mutex_;
  T data_;
};

}  // namespace rfs
