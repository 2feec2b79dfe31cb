// Result<T>: a value or an Error. Success, miss and failure are three things: a function that can miss returns
// Result<std::optional<T>> or Result<shared_ptr<T>> whose null is the miss.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace rfs {

template <class T = void>
using Result = tl::expected<T, Error>;

// return fail(Code::kInvalid, "…", "…");
inline tl::unexpected<Error> fail(Code code, std::string message, std::string hint = {}, std::int64_t position = -1) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint), position});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
// A failed system call: "what: strerror". No path that could be private belongs into `what`.
tl::unexpected<Error> fail_errno(int error, std::string_view what);

#define RFS_CONCAT2(a, b) a##b
#define RFS_CONCAT(a, b) RFS_CONCAT2(a, b)
// TRY(expr): leave with its error. TRY_ASSIGN(auto x, expr): or bind its value.
#define TRY(expr)                                                       \
  do {                                                                  \
    if (auto rfs_result = (expr); !rfs_result) return ::rfs::fail(std::move(rfs_result.error())); \
  } while (false)
#define TRY_ASSIGN(target, expr) TRY_ASSIGN_(RFS_CONCAT(rfs_try_, __LINE__), target, expr)
#define TRY_ASSIGN_(tmp, target, expr)                       \
  auto tmp = (expr);                                         \
  if (!tmp) return ::rfs::fail(std::move(tmp.error()));      \
  target = std::move(*tmp)

}  // namespace rfs
