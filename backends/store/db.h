// Db, Stmt, Txn: SQLite's handles, wrapped. db.cpp is the only file that includes sqlite3.h.
//
// A Db and its statements belong to one thread at a time (connections.h lends them out).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rfs {

class Db;

// Which database it is: how messages call it, its directory, the variable that names the directory, and its file there.
struct DbWords {
  const char* database = "cache database";
  const char* directory = "cache directory";
  const char* variable = "CACHE_DIR";
  const char* file = "cache.db";
};

// One prepared statement in use. Parameters are bound in their order, and copied. When it goes out of scope it is
// reset, so that no read snapshot outlives it. A failure to prepare or bind is answered by step().
class Stmt {
 public:
  Stmt(Stmt&& other) noexcept;
  Stmt& operator=(Stmt&&) = delete;
  ~Stmt();

  Stmt& integer(std::int64_t value);
  Stmt& blob(BytesView value);
  Stmt& text(std::string_view value);
  Stmt& null();

  // True: a row is there. False: no more.
  Result<bool> step();
  // To its end; rows are passed over.
  Result<> run();

  // Columns of the present row. Views are valid until the next step.
  std::int64_t integer_at(int column) const;
  BytesView blob_at(int column) const;
  std::string_view text_at(int column) const;
  bool null_at(int column) const;

 private:
  friend class Db;
  Stmt(Db& db, sqlite3_stmt* stmt, bool* in_use, int prepared)
      : db_(&db), stmt_(stmt), in_use_(in_use), rc_(prepared) {}
  void bound(int rc);

  Db* db_;
  sqlite3_stmt* stmt_;
  bool* in_use_;  // null: this statement is not a kept one and is finalized here
  int rc_;
  int next_ = 1;
};

class Db {
 public:
  enum class Mode {
    kReadWrite,  // made if missing
    kReadOnly,
    kImmutable,  // a read-only file system: no lock, no -wal, no -shm; what is only in a -wal is not seen
  };
  // path: a file, or ":memory:".
  static Result<std::unique_ptr<Db>> open(const std::string& path, Mode mode, int busy_ms, const DbWords& words = {});
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  // Statements without rows and parameters, separated by semicolons.
  Result<> exec(const char* sql);
  // sql: a literal (its address is the name under which the prepared statement is kept).
  Stmt use(const char* sql);
  // First column of the first row, as an integer; 0 without a row.
  Result<std::int64_t> integer(const char* sql);

  // True once SQLite has found the file to be no sound database. It stays true.
  bool corrupt() const { return corrupt_; }
  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;
  bool in_transaction() const;
  const DbWords& words() const { return words_; }

 private:
  friend class Stmt;
  Db(sqlite3* db, const DbWords& words) : db_(db), words_(words) {}
  Error error(int rc);

  struct Kept {
    sqlite3_stmt* stmt = nullptr;
    bool in_use = false;
  };
  sqlite3* db_;
  const DbWords words_;
  std::unordered_map<const char*, Kept> kept_;  // nodes do not move: Stmt points into them
  bool corrupt_ = false;
};

// BEGIN IMMEDIATE … COMMIT; rolled back unless committed.
class Txn {
 public:
  static Result<Txn> begin(Db& db);
  Txn(Txn&& other) noexcept : db_(other.db_) { other.db_ = nullptr; }
  Txn& operator=(Txn&&) = delete;
  ~Txn();
  // After a failure the transaction is still there, and the destructor rolls it back.
  Result<> commit();

 private:
  explicit Txn(Db& db) : db_(&db) {}
  Db* db_;
};

}  // namespace rfs
