#include "tests/unit/secrets/vault_rig.h"

#include <sqlite3.h>

#include "tests/catch.h"

namespace rfs::test {

namespace {

const char* word(AuditAction action) {
  switch (action) {
    case AuditAction::kStore:
      return "store";
    case AuditAction::kGranted:
      return "granted";
    case AuditAction::kDenied:
      return "denied";
    case AuditAction::kError:
      return "error";
    case AuditAction::kRotate:
      return "rotate";
    case AuditAction::kDelete:
      return "delete";
    case AuditAction::kCleanup:
      return "cleanup";
    case AuditAction::kCommitted:
      break;
  }
  return "committed";
}

// flip(blob, bit)
void flip(sqlite3_context* context, int, sqlite3_value** values) {
  const void* data = sqlite3_value_blob(values[0]);
  std::string bytes(static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_value_bytes(values[0])));
  const int bit = sqlite3_value_int(values[1]);
  char& byte = bytes.at(static_cast<std::size_t>(bit / 8));
  byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  sqlite3_result_blob(context, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}

}  // namespace

std::vector<std::string> Lines::words() {
  std::lock_guard lock(mutex);
  std::vector<std::string> out;
  for (const AuditEvent& event : events)
    out.push_back(std::string(word(event.action)) + " " + event.credential +
                  (event.reason.empty() ? "" : " " + event.reason));
  return out;
}

void Lines::clear() {
  std::lock_guard lock(mutex);
  events.clear();
}

Result<> FakeAudit::append(const AuditEvent& event) {
  std::lock_guard lock(lines_->mutex);
  if (lines_->full) return fail(Code::kBroken, "the audit log cannot be written");
  lines_->events.push_back(event);
  lines_->highest = std::max(lines_->highest, event.generation);
  return {};
}

Result<> FakeAudit::append_all(std::span<const AuditEvent> events) {
  for (const AuditEvent& event : events) TRY(append(event));
  return {};
}

std::uint64_t FakeAudit::highest_generation() {
  std::lock_guard lock(lines_->mutex);
  return lines_->highest;
}

Audit::Head FakeAudit::head() {
  std::lock_guard lock(lines_->mutex);
  return {lines_->events.size(), {}};
}

RootKey key_of(std::uint8_t byte) {
  RootKey root;
  root.bytes = SecretBytes::copy_of(Bytes(32, byte));
  return root;
}

SecretBytes secret_of(std::string_view text) { return SecretBytes::copy_of(text); }
std::string text_of(const CredentialPtr& credential) { return std::string(credential->value.reveal_text()); }

VaultRig::VaultRig() {
  options.directory = directory;
  context.repository = "octo/hello";
  context.workflow_file = "build.yml";
  context.runner_id = "r1";
}

Result<std::unique_ptr<Vault>> VaultRig::try_open(const RootKey& root, const Context& of) {
  notice.clear();
  return Vault::open_with(std::make_unique<FakeAudit>(lines), options, of, root, clock, counters, errors, notice);
}

std::unique_ptr<Vault> VaultRig::open(const Context& of) {
  auto vault = try_open(key_of(), of);
  if (!vault) FAIL(vault.error().message);
  return std::move(*vault);
}

std::string VaultRig::sql(const std::string& statement) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((directory + "/credentials.db").c_str(), &db) == SQLITE_OK);
  sqlite3_busy_timeout(db, 5'000);
  sqlite3_exec(db, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  sqlite3_create_function(db, "flip", 2, SQLITE_UTF8, nullptr, flip, nullptr, nullptr);
  std::string first;
  auto row = [](void* out, int columns, char** values, char**) {
    auto& text = *static_cast<std::string*>(out);
    if (text.empty() && columns > 0 && values[0]) text = values[0];
    return 0;
  };
  const int rc = sqlite3_exec(db, statement.c_str(), row, &first, nullptr);
  const std::string why = sqlite3_errmsg(db);
  sqlite3_close(db);
  INFO(statement << ": " << why);
  REQUIRE(rc == SQLITE_OK);
  return first;
}

}  // namespace rfs::test
