// What the tests of the vault stand on: a directory, a clock, a log in memory that can fail on cue, and vaults on them.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/secrets/vault.h"
#include "tests/unit/base/scratch.h"

namespace rfs::test {

// The lines of all vaults of one test, as the log of a directory is shared.
struct Lines {
  std::mutex mutex;
  std::vector<AuditEvent> events;
  std::uint64_t highest = 0;
  bool full = false;  // no line can be written

  std::vector<std::string> words();  // "granted API_KEY", "denied API_KEY expired", …
  void clear();
};

class FakeAudit final : public AuditSink {
 public:
  explicit FakeAudit(std::shared_ptr<Lines> lines) : lines_(std::move(lines)) {}
  Result<> append(const AuditEvent& event) override;
  Result<> append_all(std::span<const AuditEvent> events) override;
  std::uint64_t highest_generation() override;
  std::string trouble() override { return {}; }
  Audit::Head head() override;

 private:
  const std::shared_ptr<Lines> lines_;
};

RootKey key_of(std::uint8_t byte = 7);
SecretBytes secret_of(std::string_view text);
std::string text_of(const CredentialPtr& credential);

struct VaultRig {
  VaultRig();
  Result<std::unique_ptr<Vault>> try_open(const RootKey& root, const Context& context);
  // REQUIREs that it opens.
  std::unique_ptr<Vault> open(const Context& context);
  std::unique_ptr<Vault> open() { return open(context); }
  // Runs SQL on the database file, as any other program could. `flip(blob, bit)` is a function of it.
  std::string sql(const std::string& statement);

  Scratch scratch;
  std::string directory = scratch.path("credentials");
  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  std::shared_ptr<Lines> lines = std::make_shared<Lines>();
  VaultOptions options;
  Context context;  // octo/hello, build.yml, runner r1
  Accessor who;
  std::string notice;
};

inline const Scope kGlobal{};
inline const Scope kRepo{ScopeKind::kRepo, "octo/hello"};
inline const Scope kOther{ScopeKind::kRepo, "octo/other"};
inline const Scope kWorkflow{ScopeKind::kWorkflow, "octo/hello/build.yml"};
inline const Scope kRunner{ScopeKind::kRunner, "r1"};

}  // namespace rfs::test
