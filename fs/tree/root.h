// Root: the mountpoint. Knows its namespaces by name and passes everything on; "" and unknown names are its own.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "fs/tree/namespace.h"

namespace rfs {

class Root final : public Namespace {
 public:
  // others: let others list the mountpoint itself (allow_other).
  explicit Root(bool others = true) : mode_(others ? 0755 : 0700) {}
  // Built once, before any front runs. `name`: "api". Not owned; they outlive Root.
  void add(const std::string& name, Namespace& space);

  Result<Node> lookup(const std::string& path, const Caller& caller) override;
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override;
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override;
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override;
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                        bool exclusive) override;
  Result<> write_all(std::span<const NewFile> files, const Caller& caller) override;
  Result<> remove(const std::string& path, const Caller& caller) override;
  Result<> remove_directory(const std::string& path, const Caller& caller) override;
  Result<> make_directory(const std::string& path, const Caller& caller) override;
  Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) override;
  Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) override;
  Result<> set_xattr(const std::string& path, const std::string& name, std::string_view value, const Caller& caller) override;

 private:
  struct Place {
    Namespace* space;  // null: the root's own
    std::string rest;
  };
  Place place(const std::string& path) const;
  const mode_t mode_;
  std::map<std::string, Namespace*> spaces_;
};

}  // namespace rfs
