// secrets/: credentials as files, for the owner alone. The names are in secret_path.h; what may be read, and the audit
// line of each access, are the vault's.
#pragma once

#include <memory>

#include "backends/secrets/vault.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct SecretsTreeOptions {
  uid_t owner = 0;  // every other uid is refused here too, root's included, whatever the front lets through
};

// Nothing of it is kept by the kernel: no name, no attribute, no byte. Files are direct, directories exist by name alone
// below .scopes, which is not listed: walkers and recursive searches would read every credential there is.
class SecretsTree final : public Namespace {
 public:
  SecretsTree(SecretsTreeOptions options, Vault& vault, const Clock& clock, Pool& pool, ErrorRing& errors);
  ~SecretsTree() override;
  Result<Node> lookup(const std::string& path, const Caller& caller) override;
  Result<std::vector<Listing>> list(const std::string& path, const Caller& caller) override;
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override;
  void open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) override;
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                        bool exclusive) override;
  Result<> write_all(std::span<const NewFile> files, const Caller& caller) override;
  Result<> remove(const std::string& path, const Caller& caller) override;
  Result<> make_directory(const std::string& path, const Caller& caller) override;
  Result<std::vector<std::string>> xattr_names(const std::string& path, const Caller& caller) override;
  Result<std::string> xattr(const std::string& path, const std::string& name, const Caller& caller) override;
  Result<> set_xattr(const std::string& path, const std::string& name, std::string_view value, const Caller& caller) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
