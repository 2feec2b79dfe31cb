// File: one version of a file as a front serves it: immutable once complete, pinned by whoever holds it. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/reply.h"

namespace rfs {

class File {
 public:
  virtual ~File() = default;
  // Exact, or 0 while streaming() or for files that are made at open (direct()).
  virtual std::uint64_t size() const = 0;
  virtual double mtime() const = 0;
  // Equal versions of one path hold equal bytes: what an inode stands for.
  virtual std::string version() const = 0;
  // The kernel must not cache its data and size: streamed, or made anew at each open. Such files all have one version,
  // kDirectVersion: an open through a node of another one is no change of version.
  virtual bool direct() const { return false; }
  static constexpr const char* kDirectVersion = "direct";
  // At most `length` bytes from `offset`; short only at the end. Answers at once, except a file that is still being
  // streamed (.jsonl): it answers what is there, also less than `length`, or waits for the next page when nothing is;
  // no bytes at all mean the end for it too.
  virtual void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const = 0;
  // True for a credential's value: it lies in locked memory, and a front answers from there with reveal(), so that no
  // copy of it is left in memory that is neither locked nor wiped.
  virtual bool secret() const { return false; }
  // REQUIRES: secret(). As read(), at once; the bytes stay where they are while the file is held. kExpired: its time is
  // over.
  virtual Result<BytesView> reveal(std::uint64_t offset, std::size_t length) const {
    (void)offset, (void)length;
    return fail(Code::kUnsupported, "this file is no secret");
  }
};
using FilePtr = std::shared_ptr<const File>;

}  // namespace rfs
