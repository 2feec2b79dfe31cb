// EntryFile: a cached entry as a file. Pins the entry, and with it the body, for as long as it is open. Any thread.
#pragma once

#include "backends/entry.h"
#include "fs/tree/file.h"

namespace rfs {

class EntryFile final : public File {
 public:
  // direct: below .now/, or an answer that is never kept; its size is exact all the same.
  explicit EntryFile(EntryPtr entry, bool direct = false) : entry_(std::move(entry)), direct_(direct) {}
  std::uint64_t size() const override { return entry_->body->size(); }
  double mtime() const override { return entry_->meta.fetched_at; }
  std::string version() const override;
  bool direct() const override { return direct_; }
  void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const override;
  const EntryPtr& entry() const { return entry_; }

 private:
  const EntryPtr entry_;
  const bool direct_;
};

}  // namespace rfs
