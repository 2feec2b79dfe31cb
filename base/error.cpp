#include "base/error.h"

#include <cerrno>
#include <cstring>
#include <iterator>

#include "base/result.h"

namespace rfs {
namespace {

struct Row {
  Code code;
  int number;  // errno
  int exit;
  std::string_view word;
};

// In the order of the enum. Exit codes are promised in runnerfs(1): a number is never given to another failure.
constexpr Row kTable[] = {
    {Code::kNotFound, ENOENT, 10, "not_found"},
    {Code::kDenied, EACCES, 11, "denied"},
    {Code::kLimited, EAGAIN, 12, "limited"},
    {Code::kTimeout, ETIMEDOUT, 13, "timeout"},
    {Code::kUnreachable, EHOSTUNREACH, 14, "unreachable"},
    {Code::kBroken, EIO, 15, "broken"},
    {Code::kTooLarge, EFBIG, 16, "too_large"},
    {Code::kInvalid, EINVAL, 17, "invalid"},
    {Code::kNameTooLong, ENAMETOOLONG, 18, "name_too_long"},
    {Code::kReadOnly, EROFS, 19, "read_only"},
    {Code::kNoSpace, ENOSPC, 20, "no_space"},
    {Code::kLoop, ELOOP, 21, "loop"},
    {Code::kNotDirectory, ENOTDIR, 22, "not_directory"},
    {Code::kIsDirectory, EISDIR, 23, "is_directory"},
    {Code::kExists, EEXIST, 24, "exists"},
    {Code::kBusy, EBUSY, 25, "busy"},
    {Code::kStale, ESTALE, 26, "stale"},
    {Code::kInterrupted, EINTR, 27, "interrupted"},
    {Code::kAborted, ECONNABORTED, 28, "aborted"},
    {Code::kTampered, EBADMSG, 29, "tampered"},
    {Code::kNoKey, ENOKEY, 30, "no_key"},
    {Code::kExpired, EKEYEXPIRED, 31, "expired"},
    {Code::kUnsupported, ENOTSUP, 32, "unsupported"},
    {Code::kNoAttribute, ENODATA, 33, "no_attribute"},
    {Code::kUsage, EINVAL, 2, "usage"},
    {Code::kCrossDevice, EXDEV, 34, "cross_device"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(kTable); ++i)
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  return std::size(kTable) == static_cast<std::size_t>(Code::kCrossDevice) + 1;
}
static_assert(in_order(), "a code without its row");

const Row& row(Code code) { return kTable[static_cast<std::size_t>(code)]; }

}  // namespace

int to_errno(Code code) { return row(code).number; }
int to_exit(Code code) { return row(code).exit; }
std::string_view to_word(Code code) { return row(code).word; }

Code from_errno(int error) {
  switch (error) {
    // Other spellings of what a row means.
    case EPERM:
      return Code::kDenied;
    case ENETUNREACH:
    case ECONNREFUSED:
    case ECONNRESET:
      return Code::kUnreachable;
    case EMSGSIZE:
      return Code::kTooLarge;
    case EDQUOT:
      return Code::kNoSpace;
    case ENOTEMPTY:
      return Code::kExists;
    case ETXTBSY:
      return Code::kBusy;
    case ENOSYS:
      return Code::kUnsupported;
    default:
      break;
  }
  for (const Row& candidate : kTable)
    if (candidate.number == error) return candidate.code;
  return Code::kBroken;
}

tl::unexpected<Error> fail_errno(int error, std::string_view what) {
  std::string reason = std::strerror(error);  // glibc's is safe in threads for known numbers
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  return fail(from_errno(error), std::string(what) + ": " + reason);
}

}  // namespace rfs
