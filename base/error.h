// The one error type of the program.
//
// A Code says what the caller can do about a failure, not where it came from. fs turns it into an errno and cli into
// an exit code, each with one table (error.cpp); nobody else translates. A miss is a value (std::optional, a null
// pointer), never an Error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rfs {

enum class Code : std::uint8_t {
  kNotFound,      // it does not exist, or this credential may not know that it does   ENOENT
  kDenied,        // the other side refused this credential, or a rule of ours did      EACCES
  kLimited,       // a rate limit is reached: ask again later                            EAGAIN
  kTimeout,       // no answer, or not all of it, in time                                ETIMEDOUT
  kUnreachable,   // no connection, or one that cannot be trusted (TLS)                  EHOSTUNREACH
  kBroken,        // an answer or a device that makes no sense                           EIO
  kTooLarge,      // over a limit of ours                                                EFBIG
  kInvalid,       // the name or the content is not of the required form                 EINVAL
  kNameTooLong,   //                                                                     ENAMETOOLONG
  kReadOnly,      //                                                                     EROFS
  kNoSpace,       //                                                                     ENOSPC
  kLoop,          // redirects that lead nowhere                                         ELOOP
  kNotDirectory,  //                                                                     ENOTDIR
  kIsDirectory,   //                                                                     EISDIR
  kExists,        //                                                                     EEXIST
  kBusy,          // somebody holds it                                                   EBUSY
  kStale,         // a newer version exists: look the name up again                      ESTALE
  kInterrupted,   // a fatal signal is pending for the reader                            EINTR
  kAborted,       // the filesystem is being unmounted                                   ECONNABORTED
  kTampered,      // a sealed record does not authenticate                               EBADMSG
  kNoKey,         // the key of this store is missing, locked or another one             ENOKEY
  kExpired,       // a credential's time is over                                         EKEYEXPIRED
  kUnsupported,   // this object or machine cannot do that                               ENOTSUP
  kNoAttribute,   // no extended attribute of that name                                  ENODATA
  kUsage,         // the command line or a configuration file is wrong                   EINVAL, exit 2
  kCrossDevice,   // a rename that this tree does not do                                 EXDEV
};

struct Error {
  Code code;
  std::string message;  // what was wrong and where: lower case, no full stop, no secret
  std::string hint;     // what to do about it; may be empty
  std::int64_t position = -1;  // byte offset in a document that did not parse, else -1
};

// The errno that the kernel front answers. Any thread.
int to_errno(Code code);
// The exit code of the command line, documented in runnerfs(1): 0 is success, 2 is kUsage, and every other code has a
// number of its own from 10 on, in the order above (kNotFound 10, kDenied 11, kLimited 12, kTimeout 13, …,
// kNoAttribute 33, kCrossDevice 34). Any thread.
int to_exit(Code code);
// The word used in logs, metrics and errors.jsonl: "not_found", "limited", …
std::string_view to_word(Code code);
// errno → Code, for system calls that failed. Unknown ones are kBroken.
Code from_errno(int error);

}  // namespace rfs
