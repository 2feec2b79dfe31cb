#include "backends/store/rows.h"

#include "backends/store/directories.h"

namespace rfs::store {

Result<Totals> read_totals(Db& db) {
  Totals totals;
  TRY_ASSIGN(totals.entries, db.integer("SELECT value FROM meta WHERE name = 'entries'"));
  TRY_ASSIGN(totals.bytes, db.integer("SELECT value FROM meta WHERE name = 'bytes'"));
  TRY_ASSIGN(totals.bodies, db.integer("SELECT value FROM meta WHERE name = 'bodies'"));
  return totals;
}

Result<std::optional<Rows::Old>> Rows::old_row(Stmt stmt) {
  TRY_ASSIGN(bool found, stmt.step());
  if (!found) return std::nullopt;
  Old old;
  old.n = stmt.integer_at(0);
  old.size = stmt.integer_at(1);
  BytesView parent = stmt.blob_at(2), body_id = stmt.blob_at(3);
  old.parent.assign(parent.begin(), parent.end());
  old.body_id.assign(body_id.begin(), body_id.end());
  return old;
}

Result<> Rows::put(const PreparedEntry& entry) {
  if (entry.fresh) {
    TRY(write_body(entry));
  } else if (entry.body_id) {
    TRY(refer(*entry.body_id));
  }
  TRY_ASSIGN(
      auto old,
      old_row(std::move(db_.use("SELECT n, size_hint, parent, body_id FROM entry WHERE id = ?").blob(entry.id))));
  Digest parent = directory_id(ring_, entry.key, entry.key.directory);
  auto stmt = db_.use(
      "INSERT INTO entry (id, space, parent, exp_hint, size_hint, used_hint, body_id, meta) VALUES (?, ?, ?, ?, ?, ?, "
      "?, ?) "
      "ON CONFLICT (id) DO UPDATE SET space = excluded.space, parent = excluded.parent, exp_hint = excluded.exp_hint, "
      "size_hint = excluded.size_hint, used_hint = excluded.used_hint, body_id = excluded.body_id, meta = "
      "excluded.meta");
  stmt.blob(entry.id).integer(static_cast<std::int64_t>(entry.key.space)).blob(parent).integer(entry.expires_ms);
  stmt.integer(static_cast<std::int64_t>(entry.meta.size())).integer(stamp_++);
  if (entry.body_id) {
    stmt.blob(*entry.body_id);
  } else {
    stmt.null();
  }
  TRY(stmt.blob(entry.meta).run());
  change_.bytes += static_cast<std::int64_t>(entry.meta.size());
  if (!old) ++change_.entries;
  if (old) change_.bytes -= old->size;
  bool moved = old && !std::equal(old->parent.begin(), old->parent.end(), parent.begin(), parent.end());
  if (!old || moved) TRY(add_directories(db_, ring_, entry.key));
  if (moved) TRY(prune_directories(db_, old->parent));
  if (old && !old->body_id.empty()) TRY(let_go(old->body_id));
  return {};
}

Result<> Rows::write_body(const PreparedEntry& entry) {
  const SealedBody& body = *entry.fresh;
  TRY(db_.use("INSERT INTO body (body_id, digest, size, file) VALUES (?, ?, ?, ?)")
          .blob(body.ref.id)
          .blob(entry.digest)
          .integer(static_cast<std::int64_t>(body.stored))
          .integer(body.ref.index ? 1 : 0)
          .run());
  for (std::size_t i = 0; i < body.rows.size(); ++i)
    TRY(db_.use("INSERT INTO chunk (body_id, i, data) VALUES (?, ?, ?)")
            .blob(body.ref.id)
            .integer(static_cast<std::int64_t>(i))
            .blob(body.rows[i])
            .run());
  change_.bytes += static_cast<std::int64_t>(body.stored);
  ++change_.bodies;
  return {};
}

// One more entry refers to a body that is there; perhaps none did for a while.
Result<> Rows::refer(const Id16& body_id) {
  std::int64_t size = 0;
  bool orphan = false;
  {
    auto stmt = db_.use("SELECT size, orphan IS NOT NULL FROM body WHERE body_id = ?");
    stmt.blob(body_id);
    TRY_ASSIGN(bool found, stmt.step());
    if (!found) return fail(Code::kStale, "a body that was to be shared is gone from the cache");
    size = stmt.integer_at(0);
    orphan = stmt.integer_at(1) != 0;
  }
  if (!orphan) return {};
  TRY(db_.use("UPDATE body SET orphan = NULL WHERE body_id = ?").blob(body_id).run());
  change_.bytes += size;
  ++change_.bodies;
  return {};
}

Result<> Rows::let_go(BytesView body_id) {
  {
    auto stmt = db_.use("SELECT 1 FROM entry WHERE body_id = ? LIMIT 1");
    stmt.blob(body_id);
    TRY_ASSIGN(bool referred, stmt.step());
    if (referred) return {};
  }
  std::int64_t size = 0;
  {
    auto stmt = db_.use("SELECT size FROM body WHERE body_id = ? AND orphan IS NULL");
    stmt.blob(body_id);
    TRY_ASSIGN(bool found, stmt.step());
    if (!found) return {};
    size = stmt.integer_at(0);
  }
  TRY(db_.use("UPDATE body SET orphan = ? WHERE body_id = ?").integer(stamp_).blob(body_id).run());
  change_.bytes -= size;
  --change_.bodies;
  return {};
}

Result<> Rows::remove_old(const Old& old) {
  TRY(db_.use("DELETE FROM entry WHERE n = ?").integer(old.n).run());
  --change_.entries;
  change_.bytes -= old.size;
  TRY(prune_directories(db_, old.parent));
  if (!old.body_id.empty()) TRY(let_go(old.body_id));
  return {};
}

Result<bool> Rows::remove(const Digest& id) {
  TRY_ASSIGN(auto old,
             old_row(std::move(db_.use("SELECT n, size_hint, parent, body_id FROM entry WHERE id = ?").blob(id))));
  if (old) TRY(remove_old(*old));
  return old.has_value();
}

Result<> Rows::remove_row(std::int64_t n) {
  TRY_ASSIGN(auto old,
             old_row(std::move(db_.use("SELECT n, size_hint, parent, body_id FROM entry WHERE n = ?").integer(n))));
  if (old) TRY(remove_old(*old));
  return {};
}

Result<> Rows::touch(const Digest& id, std::int64_t used_ms) {
  return db_.use("UPDATE entry SET used_hint = ? WHERE id = ?").integer(used_ms).blob(id).run();
}

Result<> Rows::set_value(const std::string& name, const std::string& value) {
  return db_.use("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
      .text("value/" + name)
      .blob(view(value))
      .run();
}

Result<> Rows::finish() {
  const std::pair<const char*, std::int64_t> changes[] = {
      {"entries", change_.entries}, {"bytes", change_.bytes}, {"bodies", change_.bodies}};
  for (const auto& [name, change] : changes)
    if (change != 0)
      TRY(db_.use("UPDATE meta SET value = max(0, value + ?) WHERE name = ?").integer(change).text(name).run());
  change_ = {};
  return {};
}

}  // namespace rfs::store
