// What one caller of a deferred operation was told; waits for it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/reply.h"
#include "fs/tree/file.h"

namespace rfs::test {

template <class T>
class Asked {
 public:
  Reply<T> reply() {
    return Reply<T>([state = state_](Result<T> result) {
      std::lock_guard lock(state->mutex);
      state->result.emplace(std::move(result));
      state->told.notify_all();
    });
  }
  Result<T> wait() {
    std::unique_lock lock(state_->mutex);
    state_->told.wait(lock, [&] { return state_->result.has_value(); });
    return *state_->result;
  }
  bool answered() {
    std::lock_guard lock(state_->mutex);
    return state_->result.has_value();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable told;
    std::optional<Result<T>> result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// At most `length` bytes of a file that answers at once or later.
inline Result<std::string> read_some(const File& file, std::uint64_t offset, std::size_t length) {
  Asked<Bytes> asked;
  file.read(offset, length, asked.reply());
  auto bytes = asked.wait();
  if (!bytes) return fail(std::move(bytes.error()));
  return std::string(text(*bytes));
}

inline std::string content_of(const File& file) {
  std::string out;
  while (true) {
    auto part = read_some(file, out.size(), 7);
    if (!part) return "error: " + part.error().message;
    if (part->empty()) return out;
    out += *part;
  }
}

}  // namespace rfs::test
