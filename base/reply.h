// Reply<T>: the promise to answer exactly once, possibly from another thread.
//
// Move-only. Calling it answers; destroying it unanswered answers kBroken "dropped", so that no reader can hang on a
// forgotten path. The function behind it must not throw and must not block.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"

namespace rfs {

template <class T>
class Reply {
 public:
  using Function = std::function<void(Result<T>)>;
  Reply() = default;
  explicit Reply(Function function) : function_(std::make_unique<Function>(std::move(function))) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      drop();
      function_ = std::move(other.function_);
    }
    return *this;
  }
  ~Reply() { drop(); }

  void operator()(Result<T> result) {
    if (auto function = std::move(function_)) (*function)(std::move(result));
  }
  explicit operator bool() const { return function_ != nullptr; }
  // For capture in a std::function, which must be copyable.
  std::shared_ptr<Reply> share() && { return std::make_shared<Reply>(std::move(*this)); }

 private:
  void drop() {
    if (function_) (*this)(fail(Code::kBroken, "the request was dropped without an answer", "this is a defect: please report it with the log"));
  }
  std::unique_ptr<Function> function_;
};

}  // namespace rfs
