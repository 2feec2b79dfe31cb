#include "backends/store/evict.h"

#include <algorithm>
#include <vector>

namespace rfs::store {

namespace {

constexpr int kPage = 256;
constexpr std::int64_t kOrphanGraceMs = 2'000;

Result<std::vector<std::int64_t>> page_of(Stmt& stmt) {
  std::vector<std::int64_t> rows;
  for (;;) {
    TRY_ASSIGN(bool row, stmt.step());
    if (!row) return rows;
    rows.push_back(stmt.integer_at(0));
  }
}

Result<std::vector<std::int64_t>> next_to_go(Db& db, std::int64_t now_ms) {
  {
    auto expired = db.use("SELECT n FROM entry WHERE exp_hint <= ? ORDER BY exp_hint LIMIT ?");
    expired.integer(now_ms).integer(kPage);
    TRY_ASSIGN(auto rows, page_of(expired));
    if (!rows.empty()) return rows;
  }
  auto unused = db.use("SELECT n FROM entry ORDER BY used_hint LIMIT ?");
  unused.integer(kPage);
  return page_of(unused);
}

bool above(std::int64_t held, std::uint64_t limit) { return held > 0 && static_cast<std::uint64_t>(held) > limit; }

bool copy_id(BytesView from, Id16& to) {
  if (from.size() != to.size()) return false;
  std::copy(from.begin(), from.end(), to.begin());
  return true;
}

}  // namespace

Result<std::uint64_t> evict_some(Database& database, const Limits& limits, std::int64_t now_ms, bool started) {
  TRY_ASSIGN(auto db, database.connections().write());
  TRY_ASSIGN(Totals before, read_totals(*db));
  if (!started && !above(before.bytes, limits.bytes) && !above(before.entries, limits.entries)) return 0;
  // Once begun, some room is made, so that not every put evicts.
  Limits low{limits.bytes - limits.bytes / 16, limits.entries - limits.entries / 16};
  TRY_ASSIGN(Txn txn, Txn::begin(*db));
  TRY_ASSIGN(auto going, next_to_go(*db, now_ms));
  std::uint64_t gone = 0;
  for (std::int64_t n : going) {
    TRY_ASSIGN(Totals held, read_totals(*db));
    if (!above(held.bytes, low.bytes) && !above(held.entries, low.entries)) break;
    Rows rows(*db, database.ring(), now_ms);
    TRY(rows.remove_row(n));
    TRY(rows.finish());
    ++gone;
  }
  TRY(txn.commit());
  return gone;
}

Result<std::uint64_t> clear_some(Database& database, Space space, std::int64_t now_ms) {
  TRY_ASSIGN(auto db, database.connections().write());
  TRY_ASSIGN(Txn txn, Txn::begin(*db));
  std::vector<std::int64_t> going;
  {
    auto stmt = db->use("SELECT n FROM entry WHERE space = ? LIMIT ?");
    stmt.integer(static_cast<std::int64_t>(space)).integer(kPage);
    TRY_ASSIGN(going, page_of(stmt));
  }
  Rows rows(*db, database.ring(), now_ms);
  for (std::int64_t n : going) TRY(rows.remove_row(n));
  TRY(rows.finish());
  TRY(txn.commit());
  return going.size();
}

Result<std::uint64_t> collect_some(Database& database, std::int64_t now_ms) {
  std::vector<Id16> orphans, removed;
  TRY_ASSIGN(auto db, database.connections().write());
  {
    // A stamp in the future is from before the clock was set back.
    auto stmt =
        db->use("SELECT body_id FROM body WHERE orphan IS NOT NULL AND (orphan <= ?1 - ?2 OR orphan > ?1 + ?2)");
    stmt.integer(now_ms).integer(kOrphanGraceMs);
    while (orphans.size() < kPage) {
      TRY_ASSIGN(bool row, stmt.step());
      if (!row) break;
      Id16 id;
      if (copy_id(stmt.blob_at(0), id) && !database.locks().pinned(id)) orphans.push_back(id);
    }
  }
  if (orphans.empty()) return 0;
  TRY_ASSIGN(Txn txn, Txn::begin(*db));
  for (const Id16& id : orphans) {
    TRY(db->use("DELETE FROM body WHERE body_id = ? AND orphan IS NOT NULL").blob(id).run());
    if (db->changes() == 0) continue;  // somebody refers to it again
    TRY(db->use("DELETE FROM chunk WHERE body_id = ?").blob(id).run());
    removed.push_back(id);
  }
  TRY(txn.commit());
  if (const Objects* objects = database.objects())
    for (const Id16& id : removed) objects->remove(id);
  return removed.size();
}

Result<bool> Sweep::some(std::int64_t now_ms) {
  TRY_ASSIGN(auto db, database_->connections().write());
  if (!files_done_) {
    if (const Objects* objects = database_->objects())
      for (const Id16& id : objects->list()) {
        // In this order: a writer pins before it makes the file, and commits the row before it lets go.
        if (database_->locks().pinned(id)) continue;
        auto stmt = db->use("SELECT 1 FROM body WHERE body_id = ?");
        stmt.blob(id);
        TRY_ASSIGN(bool known, stmt.step());
        if (!known) objects->remove(id);
      }
    files_done_ = true;
  }
  std::vector<Id16> lost;
  int seen = 0;
  {
    auto stmt = db->use(
        "SELECT body_id, orphan IS NULL AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.body_id = body.body_id) "
        "FROM body WHERE body_id > ? ORDER BY body_id LIMIT ?");
    stmt.blob(after_).integer(kPage);
    for (;; ++seen) {
      TRY_ASSIGN(bool row, stmt.step());
      if (!row) break;
      BytesView at = stmt.blob_at(0);
      Id16 id;
      if (stmt.integer_at(1) != 0 && copy_id(at, id)) lost.push_back(id);
      after_.assign(at.begin(), at.end());
    }
  }
  if (!lost.empty()) {
    TRY_ASSIGN(Txn txn, Txn::begin(*db));
    Rows rows(*db, database_->ring(), now_ms);
    for (const Id16& id : lost) TRY(rows.let_go(id));
    TRY(rows.finish());
    TRY(txn.commit());
  }
  return seen < kPage;
}

}  // namespace rfs::store
