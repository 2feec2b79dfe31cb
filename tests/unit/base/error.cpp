#include "base/error.h"

#include <cerrno>
#include <set>

#include "base/result.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

std::set<Code> all_codes() {
  std::set<Code> codes;
  for (int i = 0; i <= static_cast<int>(Code::kCrossDevice); ++i) codes.insert(static_cast<Code>(i));
  return codes;
}

Result<int> odd(int n) {
  if (n % 2 == 0) return fail(Code::kInvalid, "even", "add one", 7);
  return n;
}
Result<int> sum_of_odds(int a, int b) {
  TRY_ASSIGN(int first, odd(a));
  TRY_ASSIGN(int second, odd(b));
  TRY(odd(first));
  return first + second;
}

}  // namespace

TEST_CASE("every code has the errno that its comment says") {
  CHECK(to_errno(Code::kNotFound) == ENOENT);
  CHECK(to_errno(Code::kDenied) == EACCES);
  CHECK(to_errno(Code::kLimited) == EAGAIN);
  CHECK(to_errno(Code::kTimeout) == ETIMEDOUT);
  CHECK(to_errno(Code::kUnreachable) == EHOSTUNREACH);
  CHECK(to_errno(Code::kBroken) == EIO);
  CHECK(to_errno(Code::kTooLarge) == EFBIG);
  CHECK(to_errno(Code::kInvalid) == EINVAL);
  CHECK(to_errno(Code::kNameTooLong) == ENAMETOOLONG);
  CHECK(to_errno(Code::kReadOnly) == EROFS);
  CHECK(to_errno(Code::kNoSpace) == ENOSPC);
  CHECK(to_errno(Code::kLoop) == ELOOP);
  CHECK(to_errno(Code::kNotDirectory) == ENOTDIR);
  CHECK(to_errno(Code::kIsDirectory) == EISDIR);
  CHECK(to_errno(Code::kExists) == EEXIST);
  CHECK(to_errno(Code::kBusy) == EBUSY);
  CHECK(to_errno(Code::kStale) == ESTALE);
  CHECK(to_errno(Code::kInterrupted) == EINTR);
  CHECK(to_errno(Code::kAborted) == ECONNABORTED);
  CHECK(to_errno(Code::kTampered) == EBADMSG);
  CHECK(to_errno(Code::kNoKey) == ENOKEY);
  CHECK(to_errno(Code::kExpired) == EKEYEXPIRED);
  CHECK(to_errno(Code::kUnsupported) == ENOTSUP);
  CHECK(to_errno(Code::kNoAttribute) == ENODATA);
  CHECK(to_errno(Code::kUsage) == EINVAL);
  CHECK(to_errno(Code::kCrossDevice) == EXDEV);
}

TEST_CASE("each kind of failure has an exit code of its own, and usage has 2") {
  std::set<int> seen;
  for (Code code : all_codes()) {
    int exit = to_exit(code);
    CAPTURE(to_word(code));
    CHECK(seen.insert(exit).second);
    CHECK((code == Code::kUsage ? exit == 2 : exit >= 10));
    CHECK(exit < 64);  // far from the shell's 126 and up
  }
  CHECK(to_exit(Code::kNotFound) == 10);
  CHECK(to_exit(Code::kNoKey) == 30);
  CHECK(to_exit(Code::kCrossDevice) == 34);
}

TEST_CASE("each code has a word of its own") {
  std::set<std::string_view> seen;
  for (Code code : all_codes()) {
    CHECK(seen.insert(to_word(code)).second);
    CHECK(to_word(code).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
  }
  CHECK(to_word(Code::kNotFound) == "not_found");
}

TEST_CASE("an errno becomes the code whose errno it is") {
  for (Code code : all_codes()) {
    if (code == Code::kUsage) continue;  // shares EINVAL with kInvalid
    CHECK(from_errno(to_errno(code)) == code);
  }
  CHECK(from_errno(EPERM) == Code::kDenied);
  CHECK(from_errno(EDQUOT) == Code::kNoSpace);
  CHECK(from_errno(ECONNREFUSED) == Code::kUnreachable);
  CHECK(from_errno(ENOSYS) == Code::kUnsupported);
  CHECK(from_errno(EPROTO) == Code::kBroken);
}

TEST_CASE("a failed system call says what and why in lower case") {
  Result<> result = fail_errno(ENOSPC, "cannot write x");
  CHECK(result.error().code == Code::kNoSpace);
  CHECK(result.error().message == "cannot write x: no space left on device");
}

TEST_CASE("TRY leaves with the error as it is") {
  CHECK(sum_of_odds(3, 5) == 8);
  auto result = sum_of_odds(3, 4);
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "even");
  CHECK(result.error().hint == "add one");
  CHECK(result.error().position == 7);
}
