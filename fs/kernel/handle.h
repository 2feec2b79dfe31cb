// OpenHandle: what an open file descriptor holds (fi->fh): the pinned version that it reads, the writer that it fills, or a
// snapshot of a directory. Handles: the live ones, so that none is lost when the filesystem goes away before RELEASE.
#pragma once

#include <memory>
#include <unordered_set>

#include "base/sync.h"
#include "fs/kernel/dir_stream.h"
#include "fs/kernel/node_table.h"
#include "fs/kernel/write_handle.h"

namespace rfs {

// Constant while open, so READ takes no lock. The kernel sends RELEASE after the last request that uses it was
// answered, but work behind an answer that came early (a deadline) may go on: it holds the parts by pointer.
struct OpenHandle {
  KernelNodePtr node;
  FilePtr file;
  std::shared_ptr<WriteHandle> writer;
  std::unique_ptr<DirStream> directory;
};

// Any thread.
class Handles {
 public:
  // The number for fi->fh.
  std::uint64_t add(std::unique_ptr<OpenHandle> handle) {
    OpenHandle* raw = handle.release();
    live_.lock()->insert(raw);
    return reinterpret_cast<std::uint64_t>(raw);
  }
  static OpenHandle& get(std::uint64_t fh) { return *reinterpret_cast<OpenHandle*>(fh); }
  std::unique_ptr<OpenHandle> remove(std::uint64_t fh) {
    OpenHandle* raw = &get(fh);
    live_.lock()->erase(raw);
    return std::unique_ptr<OpenHandle>(raw);
  }
  ~Handles() {
    for (OpenHandle* raw : *live_.lock()) delete raw;
  }

 private:
  Sync<std::unordered_set<OpenHandle*>> live_;
};

}  // namespace rfs
