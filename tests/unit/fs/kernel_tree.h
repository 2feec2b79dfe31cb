// KernelTree: a small tree in memory for tests of the kernel front. It can hold answers back, change versions under its
// readers and fail, and it records what it was asked. Any thread.
//
//   ro/…  read-only      rw/…  takes any content that does not begin with "bad"
// A file has what is held (listed, answered at once) and what the origin would answer when it is opened or bound.
#pragma once

#include <condition_variable>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/sync.h"
#include "fs/tree/namespace.h"

namespace rfs::testing {

class KernelTree final : public Namespace {
 public:
  // Held and current.
  void put(const std::string& path, const std::string& content);
  // The origin has it now; what is held stays until somebody opens the file.
  void offer(const std::string& path, const std::string& content);
  // The origin has it no more.
  void withdraw(const std::string& path);
  // A file made at each open, size unknown before.
  void put_direct(const std::string& path, const std::string& content);
  // Opens and binds of this path are not answered until release() or the end.
  void hold(const std::string& path);
  void release();
  // Returns when n requests are held back; false after 10 s.
  bool wait_held(std::size_t n);
  // How the next open or bind of this path fails.
  void fail_next(const std::string& path, Code code);
  // Commits wait for release() too.
  void hold_commits(bool on);

  int count(const std::string& what);  // "open ro/x", "bind ro/x", "lookup ro/x", "list ro", "opens", "binds", "commits"
  std::string content(const std::string& path);

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

  // For the writer.
  void commit(const std::string& path, const std::string& content, Reply<FilePtr> reply);

 private:
  struct Entry {
    FilePtr held;
    FilePtr offered;
  };
  struct State {
    std::map<std::string, Entry> files;
    std::map<std::string, std::string> attributes;  // of every file
    std::map<std::string, int> counts;
    std::map<std::string, Code> failures;
    std::set<std::string> slow;
    std::vector<std::function<void()>> waiting;
    bool slow_commits = false;
  };
  void fetch(const std::string& path, Reply<FilePtr> reply);
  Sync<State> state_;
  std::condition_variable changed_;
};

}  // namespace rfs::testing
