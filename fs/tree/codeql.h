// codeql/: results of scans by repository, commit, configuration and language. Directories exist by name alone and list
// what is stored; a result is read from the store, checked and sealed when it is written. Removing a name, or a
// directory of a configuration or a commit, invalidates what is below it. github/ holds GitHub's own analyses, fetched
// when they are read.
#pragma once

#include <functional>
#include <memory>

#include "backends/results/results.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct CodeqlTreeOptions {
  bool others = false;  // other users may read
};

class CodeqlTree final : public Namespace {
 public:
  // GitHub's analysis of a commit and language: answers on another thread, kNotFound when there is none.
  using Github = std::function<void(const results::ResultName& name, const Caller& caller, Reply<FilePtr> reply)>;
  // Asked when nothing is stored under a name, or under a key by its hash; true: it is there now. May wait, not long.
  struct Absent {
    std::function<bool(const results::ResultName& name)> name;
    std::function<bool(const std::string& hash)> key;
  };
  CodeqlTree(CodeqlTreeOptions options, results::Results& results, Github github, Absent absent, Pool& pool,
             Counters& counters, ErrorRing& errors);
  ~CodeqlTree() override;

  Result<Node> lookup(const std::string& path, const Caller& caller) override;
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override;
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override;
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override;
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                        bool exclusive) override;
  Result<> remove(const std::string& path, const Caller& caller) override;
  Result<> remove_directory(const std::string& path, const Caller& caller) override;
  Result<> make_directory(const std::string& path, const Caller& caller) override;
  Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) override;
  Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
