#include "backends/store/schema.h"

#include <string>

namespace rfs::store {

namespace {

// Everything that says something is in a sealed record; the clear columns are keyed hashes, random ids, sizes and times
// (runnerfs-formats(7), "What the database shows"). Times are milliseconds since 1970. Hints are for eviction and may
// only make an entry go earlier: whether it is fresh is decided by its META.
constexpr const char* kTables = R"(
-- Values of the store itself: store_id (16 bytes), ring (the RING record), entries, bytes, bodies (totals of what the
-- tables hold), synced, and "value/…" for those of set_value().
CREATE TABLE meta (
  name  TEXT PRIMARY KEY NOT NULL,
  value ANY
) STRICT, WITHOUT ROWID;

-- One entry a row.
CREATE TABLE entry (
  n         INTEGER PRIMARY KEY,
  id        BLOB NOT NULL UNIQUE,  -- HMAC(K_lookup, 1, namespace, partition, class, canonical key)
  space     INTEGER NOT NULL,      -- namespace: 1 api, 2 cache, 3 codeql
  parent    BLOB NOT NULL,         -- HMAC(K_parent, 1, namespace, partition, class, directory)
  exp_hint  INTEGER NOT NULL,      -- expires
  size_hint INTEGER NOT NULL,      -- bytes of meta
  used_hint INTEGER NOT NULL,      -- last used, exact to a minute
  body_id   BLOB,                  -- body.body_id; null when the body is inline in meta
  meta      BLOB NOT NULL          -- META record
) STRICT;
CREATE INDEX entry_parent ON entry (parent);
CREATE INDEX entry_space ON entry (space);
CREATE INDEX entry_exp ON entry (exp_hint);
CREATE INDEX entry_used ON entry (used_hint);
CREATE INDEX entry_body ON entry (body_id) WHERE body_id IS NOT NULL;

-- One body over 4,096 bytes a row. Entries with the same bytes share it.
CREATE TABLE body (
  body_id BLOB PRIMARY KEY NOT NULL,  -- random
  digest  BLOB NOT NULL,              -- HMAC(K_lookup, 2, SHA-256 of the body)
  size    INTEGER NOT NULL,           -- bytes of its sealed chunks
  file    INTEGER NOT NULL,           -- 1: objects/<body_id in hex> holds them, and chunk the index; 0: chunk holds them
  orphan  INTEGER                     -- null while an entry refers to it, else since when none does
) STRICT, WITHOUT ROWID;
CREATE INDEX body_digest ON body (digest);
CREATE INDEX body_orphan ON body (orphan) WHERE orphan IS NOT NULL;

-- Chunks of a BODY record: of the body, or of the index of a body that is a file.
CREATE TABLE chunk (
  body_id BLOB NOT NULL,
  i       INTEGER NOT NULL,
  data    BLOB NOT NULL,
  PRIMARY KEY (body_id, i)
) STRICT;

-- The directories that hold an entry, directly or further down; the root of a space is none.
CREATE TABLE directory (
  id     BLOB PRIMARY KEY NOT NULL,  -- `parent` of what is directly below it
  parent BLOB NOT NULL,              -- that of the directory above
  rec    BLOB NOT NULL               -- META record with the name alone
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_parent ON directory (parent);

INSERT INTO meta (name, value) VALUES ('entries', 0), ('bytes', 0), ('bodies', 0);
)";

Result<> set_version(Db& db, int version) {
  return db.exec(("PRAGMA user_version = " + std::to_string(version)).c_str());
}

}  // namespace

Result<> configure_writer(Db& db, bool in_memory) {
  if (!in_memory) {
    // The answer is the mode that it is in now: a file system without shared memory or locks keeps another.
    auto mode = db.use("PRAGMA journal_mode = WAL");
    TRY_ASSIGN(bool row, mode.step());
    if (!row || mode.text_at(0) != "wal")
      return fail(Code::kUnsupported,
                  "the file system of the " + std::string(db.words().directory) + " cannot hold a database in WAL mode",
                  "name a directory on a local file system with " + std::string(db.words().variable));
  }
  // NORMAL: a commit survives kill -9; what must survive a power cut too is committed under FULL (writer.cpp).
  TRY(
      db.exec("PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
              "PRAGMA journal_size_limit = 67108864"));
  // A page of a file that somebody else truncates would be a SIGBUS under mmap.
  TRY(db.integer("PRAGMA mmap_size = 0"));
  return db.exec("PRAGMA cell_size_check = ON");
}

Result<> configure_reader(Db& db) {
  TRY(db.exec(
      "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096; PRAGMA cell_size_check = ON"));
  TRY(db.integer("PRAGMA mmap_size = 0"));
  return {};
}

const Schema& cache_schema() {
  static constexpr Schema kSchema{0x52465331 /* "RFS1" */, 1, kTables};
  return kSchema;
}

Result<SchemaState> schema_state(Db& db, const Schema& schema) {
  TRY_ASSIGN(std::int64_t application, db.integer("PRAGMA application_id"));
  TRY_ASSIGN(std::int64_t version, db.integer("PRAGMA user_version"));
  TRY_ASSIGN(std::int64_t tables, db.integer("SELECT count(*) FROM sqlite_master"));
  if (tables == 0 && version == 0) return SchemaState::kEmpty;
  if (application != schema.application_id || version <= 0) return SchemaState::kForeign;
  if (version > schema.version) return SchemaState::kNewer;
  return version < schema.version ? SchemaState::kOlder : SchemaState::kCurrent;
}

Result<> create_schema(Db& db, const Schema& schema) {
  TRY(db.exec(schema.tables));
  TRY(db.exec(("PRAGMA application_id = " + std::to_string(schema.application_id)).c_str()));
  return set_version(db, schema.version);
}

// Version 1 is the first.
std::span<const Migration> migrations() { return {}; }

Result<> migrate(Db& db, std::span<const Migration> steps) {
  TRY_ASSIGN(Txn txn, Txn::begin(db));
  TRY_ASSIGN(std::int64_t version, db.integer("PRAGMA user_version"));
  for (const Migration& step : steps) {
    if (step.from < version) continue;
    if (step.from > version)
      return fail(Code::kUnsupported, "the " + std::string(db.words().database) + " has version " +
                                          std::to_string(version) + ", from which no way leads to the present one");
    TRY(db.exec(step.sql));
    version = step.from + 1;
    TRY(set_version(db, static_cast<int>(version)));
  }
  return txn.commit();
}

}  // namespace rfs::store
