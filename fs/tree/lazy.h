// A namespace that is made when somebody first asks for something in it: commands that run the tree in their own
// process do not open stores that they never touch. Its own directory is known without it. Any thread.
#pragma once

#include <functional>
#include <mutex>

#include "fs/tree/namespace.h"

namespace rfs {

class Lazy final : public Namespace {
 public:
  // make: called once, at the first use; the namespace outlives this one. Must not throw. mode: of its directory.
  explicit Lazy(std::function<Namespace*()> make, mode_t mode = 0700) : make_(std::move(make)), mode_(mode) {}

  Result<Node> lookup(const std::string& path, const Caller& caller) override {
    if (!path.empty()) return space().lookup(path, caller);
    Node node;
    node.kind = Node::Kind::kDirectory;
    node.mode = mode_;
    node.timeout = 3600;  // it is always there
    return node;
  }
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override {
    return space().list(path, caller);
  }
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override {
    space().bind(path, caller, std::move(reply));
  }
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override {
    space().open(path, caller, std::move(held), std::move(reply));
  }
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                        bool exclusive) override {
    return space().write(path, caller, create, truncate, exclusive);
  }
  Result<> write_all(std::span<const NewFile> files, const Caller& caller) override {
    return space().write_all(files, caller);
  }
  Result<> remove(const std::string& path, const Caller& caller) override { return space().remove(path, caller); }
  Result<> remove_directory(const std::string& path, const Caller& caller) override {
    return space().remove_directory(path, caller);
  }
  Result<> make_directory(const std::string& path, const Caller& caller) override {
    return space().make_directory(path, caller);
  }
  Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) override {
    return space().xattr_names(path, caller);
  }
  Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) override {
    return space().xattr(path, name, caller);
  }
  Result<> set_xattr(const std::string& path, const std::string& name, std::string_view value,
                     const Caller& caller) override {
    return space().set_xattr(path, name, value, caller);
  }

 private:
  Namespace& space() {
    std::call_once(once_, [this] { space_ = make_(); });
    return *space_;
  }
  const std::function<Namespace*()> make_;
  const mode_t mode_;
  std::once_flag once_;
  Namespace* space_ = nullptr;
};

}  // namespace rfs
