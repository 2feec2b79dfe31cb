#include "backends/store/db.h"

#include <sqlite3.h>

#include "base/encode.h"

namespace rfs {

namespace {

Code code_of(int rc) {
  switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kBusy;
    case SQLITE_FULL:
      return Code::kNoSpace;
    case SQLITE_READONLY:
      return Code::kReadOnly;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::kDenied;
    case SQLITE_TOOBIG:
      return Code::kTooLarge;
    default:
      return Code::kBroken;
  }
}

std::string hint_of(Code code, const DbWords& words) {
  switch (code) {
    case Code::kBusy:
      return "another process holds the database: try again, or see who has it open with fuser";
    case Code::kNoSpace:
      return "free some space on the file system of the " + std::string(words.directory);
    case Code::kReadOnly:
      return "make the " + std::string(words.directory) + " writable, or name another with " + words.variable;
    default:
      return {};
  }
}

}  // namespace

Stmt::Stmt(Stmt&& other) noexcept
    : db_(other.db_), stmt_(other.stmt_), in_use_(other.in_use_), rc_(other.rc_), next_(other.next_) {
  other.stmt_ = nullptr;
  other.in_use_ = nullptr;
}

Stmt::~Stmt() {
  if (!stmt_) return;
  if (!in_use_) {
    sqlite3_finalize(stmt_);
    return;
  }
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
  *in_use_ = false;
}

void Stmt::bound(int rc) {
  ++next_;
  if (rc_ == SQLITE_OK) rc_ = rc;
}

Stmt& Stmt::integer(std::int64_t value) {
  if (stmt_) bound(sqlite3_bind_int64(stmt_, next_, value));
  return *this;
}

Stmt& Stmt::blob(BytesView value) {
  if (!stmt_) return *this;
  // A null pointer would bind NULL.
  bound(value.empty() ? sqlite3_bind_zeroblob(stmt_, next_, 0)
                      : sqlite3_bind_blob64(stmt_, next_, value.data(), value.size(), SQLITE_TRANSIENT));
  return *this;
}

Stmt& Stmt::text(std::string_view value) {
  if (stmt_)
    bound(sqlite3_bind_text64(stmt_, next_, value.empty() ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
  return *this;
}

Stmt& Stmt::null() {
  if (stmt_) bound(sqlite3_bind_null(stmt_, next_));
  return *this;
}

Result<bool> Stmt::step() {
  if (rc_ != SQLITE_OK) return fail(db_->error(rc_));
  int rc = sqlite3_step(stmt_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return fail(db_->error(rc));
}

Result<> Stmt::run() {
  for (;;) {
    TRY_ASSIGN(bool row, step());
    if (!row) return {};
  }
}

std::int64_t Stmt::integer_at(int column) const { return sqlite3_column_int64(stmt_, column); }

BytesView Stmt::blob_at(int column) const {
  const void* data = sqlite3_column_blob(stmt_, column);
  return {static_cast<const std::uint8_t*>(data),
          data ? static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column)) : 0};
}

std::string_view Stmt::text_at(int column) const { return rfs::text(blob_at(column)); }

bool Stmt::null_at(int column) const { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }

Result<std::unique_ptr<Db>> Db::open(const std::string& path, Mode mode, int busy_ms, const DbWords& words) {
  // One thread at a time uses a connection, so SQLite need not lock it itself.
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  std::string name = path;
  if (mode == Mode::kReadWrite) {
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  } else {
    flags |= SQLITE_OPEN_READONLY;
  }
  if (mode == Mode::kImmutable) {
    flags |= SQLITE_OPEN_URI;
    name = "file:" + percent_encode(path, "/") + "?immutable=1";
  }
  sqlite3* handle = nullptr;
  int rc = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  if (!handle) return fail(Code::kBroken, "no memory for a database connection");
  std::unique_ptr<Db> db(new Db(handle, words));
  if (rc != SQLITE_OK) return fail(db->error(rc));
  sqlite3_busy_timeout(handle, busy_ms);
  // A hostile database file must not be able to run anything or write to its own schema.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return db;
}

Db::~Db() {
  // What is left of a corrupt database is kept as it is: no checkpoint into it, and its -wal stays.
  if (corrupt_) sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  for (auto& [sql, kept] : kept_) sqlite3_finalize(kept.stmt);
  sqlite3_close_v2(db_);
}

Error Db::error(int rc) {
  if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB) corrupt_ = true;
  Code code = code_of(rc);
  // Only SQLite's fixed words: its own message could quote a statement.
  return Error{code, std::string(words_.database) + ": " + sqlite3_errstr(rc), hint_of(code, words_)};
}

Result<> Db::exec(const char* sql) {
  int rc = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return fail(error(rc));
  return {};
}

Stmt Db::use(const char* sql) {
  auto [at, fresh] = kept_.try_emplace(sql);
  Kept& kept = at->second;
  if (kept.stmt && !kept.in_use) {
    kept.in_use = true;
    return Stmt(*this, kept.stmt, &kept.in_use, SQLITE_OK);
  }
  sqlite3_stmt* stmt = nullptr;
  bool keep = !kept.stmt;
  int rc = sqlite3_prepare_v3(db_, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, &stmt, nullptr);
  if (!keep || rc != SQLITE_OK) return Stmt(*this, stmt, nullptr, rc);
  kept.stmt = stmt;
  kept.in_use = true;
  return Stmt(*this, stmt, &kept.in_use, rc);
}

Result<std::int64_t> Db::integer(const char* sql) {
  auto stmt = use(sql);
  TRY_ASSIGN(bool row, stmt.step());
  return row ? stmt.integer_at(0) : 0;
}

std::int64_t Db::changes() const { return sqlite3_changes64(db_); }

bool Db::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

Result<Txn> Txn::begin(Db& db) {
  TRY(db.exec("BEGIN IMMEDIATE"));
  return Txn(db);
}

Txn::~Txn() {
  // A failed statement may have rolled back already; then there is nothing left to do.
  if (db_ && db_->in_transaction()) (void)db_->exec("ROLLBACK");
}

Result<> Txn::commit() {
  TRY(db_->exec("COMMIT"));
  db_ = nullptr;
  return {};
}

}  // namespace rfs
