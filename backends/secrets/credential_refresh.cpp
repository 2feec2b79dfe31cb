// How a store's index follows the database: whole when it is opened, then by what has a higher generation.
#include <algorithm>
#include <unordered_map>

#include "backends/secrets/credential_store_impl.h"
#include "backends/store/opening.h"
#include "crypto/record.h"

namespace rfs::secrets {

namespace {

constexpr std::size_t kCommitAt = 44;

auto put_back() {
  return fail(Code::kTampered, "the credentials store is older than it was a moment ago",
              "an old copy of credentials.db was put back: bring back the newest one, then mount again");
}

auto not_as_left() {
  return fail(Code::kTampered, "the credentials do not match their root record",
              "a row was edited, removed, added or put back by something else than this program: bring back a copy of "
              "the credentials directory");
}

}  // namespace

Result<Digest> digest_of(BytesView bytes) {
  Digest out{};
  if (bytes.size() != out.size()) return fail(Code::kTampered, "a row of the credentials database is malformed");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<IndexRow> index_row(BytesView parent, std::int64_t version, BytesView record) {
  if (record.size() < kHeaderSize || version <= 0)
    return fail(Code::kTampered, "a row of the credentials database is malformed");
  IndexRow row;
  TRY_ASSIGN(row.parent, digest_of(parent));
  TRY_ASSIGN(row.commit, digest_of(record.subspan(kCommitAt, 32)));
  row.version = static_cast<std::uint64_t>(version);
  return row;
}

Result<> CredentialStore::Impl::refresh(Db& db) {
  // The snapshot begins after the lock is taken: it is never older than `state`, or the database was rolled back.
  std::lock_guard one(refreshing);
  if (db.in_transaction()) return refresh_within(db);
  TRY(db.exec("BEGIN"));
  auto done = refresh_within(db);
  // Nothing was written; this only ends the snapshot.
  if (db.in_transaction()) (void)db.exec("ROLLBACK");
  return done;
}

Result<> CredentialStore::Impl::refresh_within(Db& db) {
  TRY_ASSIGN(Bytes root_record, store::value_of(db, "root"));
  std::shared_ptr<const KeyRing> ring;
  Bytes known_ring;
  RootState known;
  {
    auto now = state.lock();
    if (now->root_record == root_record) return {};
    ring = now->ring;
    known_ring = now->ring_record;
    known = now->root;
  }
  TRY_ASSIGN(Bytes ring_record, store::value_of(db, "ring"));
  bool all_terms = true;
  if (ring_record != known_ring) {
    auto opened = KeyRing::open(store_id, root_key, ring_record);
    // Another process has put it under a new root key: the terms that are known here stay good.
    all_terms = static_cast<bool>(opened);
    if (!opened && opened.error().code != Code::kNoKey) return fail(std::move(opened.error()));
    if (opened) ring = std::move(*opened);
  }
  auto opened = open_root(*ring, root_record);
  if (!opened && opened.error().code == Code::kNoKey && all_terms) return not_as_left();
  if (!opened) return fail(std::move(opened.error()));
  const RootState& root = *opened;
  if (root.generation < known.generation) return put_back();
  if (root.generation == known.generation) return not_as_left();
  if (known.generation == 0) return reload(db, ring, std::move(ring_record), std::move(root_record), root);

  // What changed since. The state below does not move: only who holds `refreshing` writes it.
  std::unordered_map<Digest, std::optional<IndexRow>, DigestHash> changed;
  const auto since = static_cast<std::int64_t>(known.generation);
  {
    auto stmt = db.use("SELECT id FROM gone WHERE gen > ?");
    stmt.integer(since);
    for (;;) {
      TRY_ASSIGN(bool row, stmt.step());
      if (!row) break;
      TRY_ASSIGN(Digest id, digest_of(stmt.blob_at(0)));
      changed[id] = std::nullopt;
    }
  }
  {
    auto stmt = db.use("SELECT id, parent, version, substr(rec, 1, 76) FROM secret WHERE gen > ?");
    stmt.integer(since);
    for (;;) {
      TRY_ASSIGN(bool row, stmt.step());
      if (!row) break;
      TRY_ASSIGN(Digest id, digest_of(stmt.blob_at(0)));
      TRY_ASSIGN(changed[id], index_row(stmt.blob_at(1), stmt.integer_at(2), stmt.blob_at(3)));
    }
  }
  Digest acc = known.acc;
  std::uint64_t count = known.count;
  {
    auto now = state.lock();
    for (const auto& [id, row] : changed) {
      if (const IndexRow* old = now->index.find(id)) {
        xor_into(acc, row_mark(*ring, id, old->parent, old->version, old->commit));
        --count;
      }
      if (row) {
        xor_into(acc, row_mark(*ring, id, row->parent, row->version, row->commit));
        ++count;
      }
    }
    if (acc == root.acc && count == root.count) {
      for (auto& [id, row] : changed) {
        if (row)
          now->index.set(id, std::move(*row));
        else
          now->index.erase(id);
      }
      now->ring = ring;
      now->ring_record = std::move(ring_record);
      now->root_record = std::move(root_record);
      now->root = root;
      return {};
    }
  }
  // Old entries of `gone` are dropped in time: then only all rows together tell.
  return reload(db, ring, std::move(ring_record), std::move(root_record), root);
}

Result<> CredentialStore::Impl::reload(Db& db, std::shared_ptr<const KeyRing> ring, Bytes ring_record,
                                       Bytes root_record, const RootState& root) {
  CredentialIndex index;
  Digest acc{};
  auto stmt = db.use("SELECT id, parent, version, substr(rec, 1, 76) FROM secret");
  for (;;) {
    TRY_ASSIGN(bool row, stmt.step());
    if (!row) break;
    TRY_ASSIGN(Digest id, digest_of(stmt.blob_at(0)));
    TRY_ASSIGN(IndexRow fresh, index_row(stmt.blob_at(1), stmt.integer_at(2), stmt.blob_at(3)));
    xor_into(acc, row_mark(*ring, id, fresh.parent, fresh.version, fresh.commit));
    index.set(id, std::move(fresh));
  }
  if (acc != root.acc || index.size() != root.count) return not_as_left();
  auto now = state.lock();
  now->ring = std::move(ring);
  now->ring_record = std::move(ring_record);
  now->root_record = std::move(root_record);
  now->root = root;
  now->index = std::move(index);
  return {};
}

}  // namespace rfs::secrets
