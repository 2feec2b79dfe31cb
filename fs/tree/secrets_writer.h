// SecretsWriter: a credential while it is written. The value is gathered in locked memory and stored whole at commit.
#pragma once

#include <functional>
#include <string>

#include "backends/secrets/vault.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "fs/tree/gate.h"
#include "fs/tree/namespace.h"

namespace rfs {

struct SecretsWriting {
  Vault& vault;
  Pool& pool;
  ErrorRing& errors;
  std::shared_ptr<Gate> gate;
};

// Which credential, and by whom.
struct SecretsTarget {
  std::string path;  // below secrets/, for errors.jsonl
  Scope scope;
  std::string name;
  Accessor who;
};

// An attribute that takes effect with a value: user.runnerfs.ttl; user.runnerfs.allow-untrusted and
// user.runnerfs.must-exist (1 or 0).
Result<> set_put(Vault::Put& how, const std::string& name, std::string_view value);

class SecretsWriter final : public Writer {
 public:
  // present: reads the value that is there, with its audit line; called when a write keeps some of it. Null: begins
  // empty. size: of the present value.
  using Present = std::function<Result<CredentialPtr>()>;
  SecretsWriter(const SecretsWriting& to, SecretsTarget target, Present present, std::uint64_t size);
  ~SecretsWriter() override;
  Result<> write(std::uint64_t offset, BytesView bytes) override;
  Result<> truncate(std::uint64_t size) override;
  std::uint64_t size() const override { return size_; }
  Result<Bytes> read(std::uint64_t offset, std::size_t length) const override;
  Result<> set(const std::string& name, std::string_view value) override { return set_put(how_, name, value); }
  bool secret() const override { return true; }
  void commit(bool sync, Reply<FilePtr> reply) override;

 private:
  struct Commits;
  Result<> fits(std::uint64_t size);
  Result<> load();
  void reserve(std::size_t size);

  const SecretsWriting to_;
  const std::shared_ptr<const SecretsTarget> target_;
  const std::shared_ptr<Commits> commits_;
  Present present_;
  Vault::Put how_;
  SecretBytes value_;  // its first size_ bytes count
  std::uint64_t size_;
  bool changed_;
  bool cut_short_ = false;  // some of what was written was refused: what is left is no value
};

// A TTL as people write it; kInvalid for what is no duration, not above zero, or too long.
Result<double> parse_ttl(std::string_view text);

}  // namespace rfs
