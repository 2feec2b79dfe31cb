// .runnerfs/: the filesystem explaining itself. A table of names to functions that make the content at open, and ctl.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"
#include "fs/tree/namespace.h"

namespace rfs {

class InfoTree final : public Namespace {
 public:
  explicit InfoTree(const Clock& clock);
  ~InfoTree() override;
  // Before any front runs. "stats.json" → its content now. Any thread calls `make`.
  void add(const std::string& name, std::function<std::string()> make);
  // A file that is not listed, for its owner alone: what it holds is made at open, what is written to it is taken whole
  // at close. Both may answer from another thread.
  struct Exchange {
    uid_t owner = 0;
    std::function<void(Reply<FilePtr> reply)> make;
    std::function<void(std::string content, Reply<FilePtr> reply)> take;
  };
  void add_exchange(const std::string& name, Exchange exchange);
  // One command of ctl, e.g. "invalidate list_repos*". A failure is the errno of the write and a line in errors.jsonl.
  void set_control(std::function<Result<>(const std::string& command, const Caller& caller)> control);

  Result<Node> lookup(const std::string& path, const Caller& caller) override;
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override;
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override;
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override;
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                        bool exclusive) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
