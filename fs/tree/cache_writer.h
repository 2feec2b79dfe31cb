// CacheWriter: a document of cache/ while it is written. It is gathered in memory and stored whole at commit.
#pragma once

#include "backends/cache/cache.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "fs/tree/gate.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct CacheWriting {
  Cache& cache;
  Pool& pool;
  ErrorRing& errors;
  std::shared_ptr<Gate> gate;
  std::uint64_t max_document;
};

class CacheWriter final : public Writer {
 public:
  // name: as in cache/, for errors.jsonl. present: what is there now, and its content (unless truncated).
  CacheWriter(const CacheWriting& to, std::string name, std::string key, EntryPtr present, std::string content)
      : to_(to),
        name_(std::move(name)),
        key_(std::move(key)),
        outcome_(std::make_shared<Sync<Outcome>>(Outcome{std::move(present), false})),
        content_(std::move(content)) {}
  Result<> write(std::uint64_t offset, BytesView bytes) override;
  Result<> truncate(std::uint64_t size) override;
  std::uint64_t size() const override { return content_.size(); }
  Result<Bytes> read(std::uint64_t offset, std::size_t length) const override;
  // An empty file is no JSON document.
  Result<> accept_empty() const override;
  void commit(bool sync, Reply<FilePtr> reply) override;

 private:
  Result<> fits(std::uint64_t size);
  const CacheWriting to_;
  const std::string name_, key_;
  // Of commits, which end on the pool.
  struct Outcome {
    EntryPtr present;
    bool failed = false;  // the last one: what was written is still to be stored
  };
  const std::shared_ptr<Sync<Outcome>> outcome_;
  std::string content_;
  bool changed_ = false;
  bool written_ = false;
};

}  // namespace rfs
