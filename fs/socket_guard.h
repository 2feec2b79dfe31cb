// Guard: the waits of one socket connection, ended at once when its client has gone or the daemon stops.
// GuardedTree: a tree whose deferred answers go through a Guard, so that a thread in WalkAccess cannot be stuck in
// them. The work itself goes on for its other readers; its late answer is dropped. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "base/sync.h"
#include "fs/tree/namespace.h"

namespace rfs {

class Guard : public std::enable_shared_from_this<Guard> {
 public:
  // A reply that answers the given one, unless abort() did so before.
  template <class T>
  Reply<T> wrap(Reply<T> reply) {
    auto shared = std::move(reply).share();
    const std::uint64_t id = add([shared] { (*shared)(gone()); });
    return Reply<T>([self = shared_from_this(), shared, id](Result<T> result) {
      if (self->take(id)) (*shared)(std::move(result));
    });
  }
  // Answers everything that waits with kAborted, now and from now on. Idempotent.
  void abort();

 private:
  struct State {
    std::unordered_map<std::uint64_t, std::function<void()>> waiting;
    std::uint64_t next = 1;
    bool aborted = false;
  };
  static tl::unexpected<Error> gone() { return fail(Code::kAborted, "the reader has gone, or the daemon stops"); }
  std::uint64_t add(std::function<void()> give_up);
  bool take(std::uint64_t id);
  Sync<State> state_;
};

class GuardedTree final : public Namespace {
 public:
  GuardedTree(Namespace& root, std::shared_ptr<Guard> guard) : root_(root), guard_(std::move(guard)) {}
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override;
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override;

  Result<Node> lookup(const std::string& path, const Caller& caller) override { return root_.lookup(path, caller); }
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override {
    return root_.list(path, caller);
  }
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                        bool exclusive) override {
    return root_.write(path, caller, create, truncate, exclusive);
  }
  Result<> write_all(std::span<const NewFile> files, const Caller& caller) override {
    return root_.write_all(files, caller);
  }
  Result<> remove(const std::string& path, const Caller& caller) override { return root_.remove(path, caller); }
  Result<> make_directory(const std::string& path, const Caller& caller) override {
    return root_.make_directory(path, caller);
  }
  Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) override {
    return root_.xattr_names(path, caller);
  }
  Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) override {
    return root_.xattr(path, name, caller);
  }
  Result<> set_xattr(const std::string& path, const std::string& name, std::string_view value,
                     const Caller& caller) override {
    return root_.set_xattr(path, name, value, caller);
  }

 private:
  Namespace& root_;
  const std::shared_ptr<Guard> guard_;
};

}  // namespace rfs
