// WriteHandle: an open file that is being written. Puts the calls to its Writer into a row, since the kernel may send
// several at once and a commit takes its time; and decides at which close a commit is due. Any thread.
//
// A shell opens a file, duplicates the descriptor and closes the first one, before a byte is written: that close is no
// reason to store an empty file. So FLUSH commits what was written or truncated since; a file that was only created or
// emptied by its open is committed when the last descriptor is gone, and a close before that only asks whether an empty
// file would be taken.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <optional>

#include "base/sync.h"
#include "base/time.h"
#include "fs/kernel/strand.h"
#include "fs/tree/namespace.h"

namespace rfs {

class WriteHandle : public std::enable_shared_from_this<WriteHandle> {
 public:
  // fresh: created or emptied by this open.
  WriteHandle(std::unique_ptr<Writer> writer, bool fresh);

  // Each is answered on this thread when nothing is under way, else on the thread that ends what is.
  void write(std::uint64_t offset, bool append, BytesView bytes, Reply<std::size_t> reply);
  void truncate(std::uint64_t size, Reply<std::uint64_t> reply);
  void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply);
  // Null: there was nothing to store. A failed commit fails again, without being tried, until something is written.
  void flush(Reply<FilePtr> reply);
  void sync(Reply<FilePtr> reply);
  // The last descriptor is gone.
  void close(Reply<FilePtr> reply);

  // The name was removed before there was a version: nothing will be stored.
  void abandon() { abandoned_ = true; }

  std::uint64_t size() const { return size_; }
  // What is written is a credential's value (Writer::secret).
  bool secret() const { return writer_->secret(); }
  // An empty file is stored when its last descriptor is gone, and the kernel does not wait for that: whoever opens the
  // name right after the close would miss it. So a reader waits here while a close of a file that nothing was written
  // to may have been the last one; no longer than `limit`.
  void settle(Millis limit);

 private:
  void settled();
  template <class T>
  void step(std::function<Result<T>(Writer&)> work, Reply<T> reply);
  void commit(bool sync, std::function<bool()> due, Reply<FilePtr> reply);
  Result<std::size_t> write_now(std::uint64_t offset, bool append, BytesView bytes);

  const std::shared_ptr<Strand> strand_ = std::make_shared<Strand>();
  std::atomic<std::uint64_t> size_;
  std::atomic<bool> abandoned_{false};
  Sync<bool> closing_{false};  // a close was seen before anything was written
  std::condition_variable closed_;
  // Used by one step at a time.
  const std::unique_ptr<Writer> writer_;
  bool fresh_;
  bool changed_ = false;
  std::optional<Error> failed_;
};

}  // namespace rfs
