#include "backends/secrets/credential_change.h"

#include <algorithm>

#include "backends/store/opening.h"
#include "crypto/record.h"

namespace rfs::secrets {

namespace {

// So many generations later every process has read all rows anew, or does when it misses one.
constexpr std::int64_t kGoneFor = 10'000;

}  // namespace

Change::Change(CredentialStore::Impl& store, Db& db) : store_(store), db_(db) {
  auto now = store.state.lock();
  ring_ = now->ring;
  ring_record_ = now->ring_record;
  root_ = now->root;
  ++root_.generation;
}

std::optional<IndexRow> Change::row(const Digest& id) const {
  if (auto at = staged_.find(id); at != staged_.end()) return at->second;
  auto now = store_.state.lock();
  const IndexRow* found = now->index.find(id);
  return found ? std::optional(*found) : std::nullopt;
}

Result<std::optional<CredentialStore::Found>> Change::read(const Scope& scope, const std::string& name) {
  const Digest id = id_of(*ring_, scope, name);
  const auto must = row(id);
  if (!must) return std::nullopt;
  auto stmt = db_.use("SELECT parent, version, rec FROM secret WHERE id = ?");
  stmt.blob(id);
  TRY_ASSIGN(bool there, stmt.step());
  if (!there) return fail(Code::kTampered, "a credential's row is gone");
  TRY_ASSIGN(const IndexRow is, index_row(stmt.blob_at(0), stmt.integer_at(1), stmt.blob_at(2)));
  if (is.version != must->version || is.commit != must->commit || is.parent != must->parent)
    return fail(Code::kTampered, "a credential's row is not the one that was stored");
  TRY_ASSIGN(Secret secret, open_secret(*ring_, id, is.version, stmt.blob_at(2)));
  return CredentialStore::Found{std::make_shared<const Facts>(std::move(secret.facts)), std::move(secret.value)};
}

Result<FactsPtr> Change::find(const Scope& scope, const std::string& name) {
  if (const auto known = row(id_of(*ring_, scope, name)); known && known->facts) return known->facts;
  TRY_ASSIGN(auto found, read(scope, name));
  return found ? found->facts : FactsPtr();
}

Result<> Change::write(const Digest& id, IndexRow fresh, BytesView record) {
  if (const auto old = row(id)) {
    xor_into(root_.acc, row_mark(*ring_, id, old->parent, old->version, old->commit));
    --root_.count;
    erases_ = true;
  }
  TRY(db_.use("INSERT OR REPLACE INTO secret (id, parent, version, gen, rec) VALUES (?, ?, ?, ?, ?)")
          .blob(id)
          .blob(fresh.parent)
          .integer(static_cast<std::int64_t>(fresh.version))
          .integer(static_cast<std::int64_t>(root_.generation))
          .blob(record)
          .run());
  TRY_ASSIGN(const IndexRow is, index_row(fresh.parent, static_cast<std::int64_t>(fresh.version), record));
  fresh.commit = is.commit;
  xor_into(root_.acc, row_mark(*ring_, id, fresh.parent, fresh.version, fresh.commit));
  ++root_.count;
  staged_[id] = std::move(fresh);
  return {};
}

Result<FactsPtr> Change::put(Facts facts, const SecretBytes& value) {
  const Digest id = id_of(*ring_, facts.scope, facts.name);
  facts.size = value.size();
  facts.version = 1;
  if (const auto old = row(id)) {
    facts.version = old->version + 1;
  } else {
    auto stmt = db_.use("SELECT version FROM gone WHERE id = ?");
    stmt.blob(id);
    TRY_ASSIGN(bool was, stmt.step());
    if (was && stmt.integer_at(0) > 0) facts.version = static_cast<std::uint64_t>(stmt.integer_at(0)) + 1;
  }
  TRY_ASSIGN(Bytes record, seal_secret(*ring_, facts, value));
  IndexRow fresh;
  fresh.parent = parent_of(*ring_, facts.scope);
  fresh.version = facts.version;
  auto shared = std::make_shared<const Facts>(std::move(facts));
  fresh.facts = shared;
  TRY(write(id, std::move(fresh), record));
  TRY(db_.use("DELETE FROM gone WHERE id = ?").blob(id).run());
  return shared;
}

Result<> Change::remove(const Scope& scope, const std::string& name) {
  const Digest id = id_of(*ring_, scope, name);
  const auto old = row(id);
  if (!old) return {};
  TRY(db_.use("DELETE FROM secret WHERE id = ?").blob(id).run());
  TRY(db_.use("INSERT OR REPLACE INTO gone (id, version, gen) VALUES (?, ?, ?)")
          .blob(id)
          .integer(static_cast<std::int64_t>(old->version))
          .integer(static_cast<std::int64_t>(root_.generation))
          .run());
  xor_into(root_.acc, row_mark(*ring_, id, old->parent, old->version, old->commit));
  --root_.count;
  erases_ = true;
  staged_[id] = std::nullopt;
  return {};
}

void Change::stamp(std::uint64_t now_ms, std::uint64_t audit_seq, const Digest& audit_mac) {
  root_.clock_high_water = std::max(root_.clock_high_water, now_ms);
  root_.audit_seq = audit_seq;
  root_.audit_mac = audit_mac;
}

Result<> Change::finish() {
  TRY(db_.use("DELETE FROM gone WHERE gen < ?").integer(static_cast<std::int64_t>(root_.generation) - kGoneFor).run());
  TRY_ASSIGN(root_record_, seal_root(*ring_, root_));
  return store::replace_value(db_, "root", root_record_);
}

}  // namespace rfs::secrets
