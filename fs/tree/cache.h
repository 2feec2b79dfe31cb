// cache/: operation results by key; any JSON document is written, read and removed as a file.
#pragma once

#include <memory>

#include "backends/cache/cache.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct CacheTreeOptions {
  bool others = false;  // allow_other: readable by others, never writable
  std::uint64_t max_document = 100u << 20;  // what a writer gathers in memory; beyond it EFBIG
};

// A name with * or ? that no entry has, but that matches some, is shown as an empty file that is not listed: removing it
// removes what matches.
class CacheTree final : public Namespace {
 public:
  CacheTree(CacheTreeOptions options, Cache& cache, const Clock& clock, Pool& pool, Counters& counters, ErrorRing& errors);
  ~CacheTree() override;
  Result<Node> lookup(const std::string& path, const Caller& caller) override;
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override;
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override;
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override;
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                        bool exclusive) override;
  Result<> remove(const std::string& path, const Caller& caller) override;
  Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) override;
  Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) override;
  Result<> set_xattr(const std::string& path, const std::string& name, std::string_view value, const Caller& caller) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
