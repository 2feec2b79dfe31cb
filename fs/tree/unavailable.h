// A namespace that could not be had: its directory is there, and everything in it fails with the reason, so that a
// reader learns why instead of finding nothing.
#pragma once

#include "fs/tree/namespace.h"

namespace rfs {

class Unavailable final : public Namespace {
 public:
  explicit Unavailable(Error why) : why_(std::move(why)) {}
  Result<Node> lookup(const std::string& path, const Caller&) override {
    if (!path.empty()) return fail(why_);
    Node node;
    node.kind = Node::Kind::kDirectory;
    node.mode = 0700;
    return node;
  }
  Result<std::vector<Listing>> list(const std::string&, const Caller&) override { return fail(why_); }
  void bind(const std::string&, const Caller&, Reply<FilePtr> reply) override { reply(fail(why_)); }
  void open(const std::string&, const Caller&, FilePtr, Reply<FilePtr> reply) override { reply(fail(why_)); }
  Result<std::unique_ptr<Writer>> write(const std::string&, const Caller&, bool, bool, bool) override {
    return fail(why_);
  }
  Result<> write_all(std::span<const NewFile>, const Caller&) override { return fail(why_); }
  Result<> remove(const std::string&, const Caller&) override { return fail(why_); }

 private:
  const Error why_;
};

}  // namespace rfs
