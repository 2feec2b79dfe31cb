#include "backends/store/check.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <set>

#include "backends/store/codec.h"
#include "backends/store/stored_body.h"
#include "base/encode.h"

namespace rfs::store {

namespace {

constexpr std::size_t kMostProblems = 100;

std::string stamp(double now) {
  auto seconds = static_cast<std::time_t>(now);
  struct tm utc {};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

bool absent(const std::string& path) { return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT; }

// A page of records: the caller's thread opens them when the connection is given back.
struct Row {
  std::int64_t n = 0;
  Bytes id, record;
};

Result<std::vector<Row>> next_rows(Database& database, const char* sql, std::int64_t after) {
  TRY_ASSIGN(auto db, database.connections().read());
  auto stmt = db->use(sql);
  stmt.integer(after);
  std::vector<Row> rows;
  for (;;) {
    TRY_ASSIGN(bool more, stmt.step());
    if (!more) return rows;
    BytesView id = stmt.blob_at(1), record = stmt.blob_at(2);
    rows.push_back({stmt.integer_at(0), Bytes(id.begin(), id.end()), Bytes(record.begin(), record.end())});
  }
}

// Reads a body to its end, so that every tag is verified.
Result<> verify(const Body& body) {
  Bytes buffer(kChunk);
  for (std::uint64_t offset = 0; offset < body.size();) {
    TRY_ASSIGN(std::size_t n, body.read_at(offset, buffer));
    if (n == 0) return fail(Code::kBroken, "it ends early");
    offset += n;
  }
  return {};
}

class Checker {
 public:
  explicit Checker(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Result<> file() {
    TRY_ASSIGN(auto db, database_->connections().read());
    auto stmt = db->use("PRAGMA quick_check(100)");
    for (;;) {
      auto row = stmt.step();
      if (!row) return problem("the database cannot be read to its end: " + row.error().message);
      if (!*row) return {};
      std::string line(stmt.text_at(0));
      if (line != "ok") problem("database: " + line);
    }
  }

  Result<> entries() {
    for (std::int64_t after = 0;;) {
      TRY_ASSIGN(auto rows,
                 next_rows(*database_, "SELECT n, id, meta FROM entry WHERE n > ? ORDER BY n LIMIT 64", after));
      if (rows.empty()) return {};
      for (const Row& row : rows) entry(row);
      after = rows.back().n;
    }
  }

  Result<> directories() {
    // The table has no rowid: it is small enough to be paged by offset.
    for (std::int64_t after = 0;; after += 256) {
      TRY_ASSIGN(auto rows,
                 next_rows(*database_, "SELECT 0, id, rec FROM directory ORDER BY id LIMIT 256 OFFSET ?", after));
      if (rows.empty()) return {};
      for (const Row& row : rows) {
        Digest id;
        if (!digest_of(row.id, id)) continue;
        auto name = open_directory(database_->ring(), id, row.record);
        if (!name) problem("directory " + hex(row.id) + ": " + name.error().message);
      }
    }
  }

  std::vector<std::string> take() { return std::move(problems_); }

 private:
  Result<> problem(std::string text) {
    if (problems_.size() < kMostProblems) problems_.push_back(std::move(text));
    return {};
  }

  bool digest_of(const Bytes& bytes, Digest& id) {
    if (bytes.size() == id.size()) {
      std::copy(bytes.begin(), bytes.end(), id.begin());
      return true;
    }
    problem("a row has an id of the wrong length");
    return false;
  }

  void entry(const Row& row) {
    Digest id;
    if (!digest_of(row.id, id)) return;
    auto record = open_meta(database_->ring(), id, row.record);
    if (!record) {
      problem("entry " + hex(id) + ": " + record.error().message);
      return;
    }
    if (entry_id(database_->ring(), record->key) != id)
      problem("entry " + hex(id) + ": its record is that of another key");
    // A body that several entries share is read once.
    if (!record->body || !verified_.insert(record->body->id).second) return;
    StoredBody body(database_, *record->body, record->raw_len, shown_path(record->key));
    if (auto whole = verify(body); !whole) problem("body of entry " + hex(id) + ": " + whole.error().message);
  }

  const std::shared_ptr<Database> database_;
  std::set<Id16> verified_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<std::string> set_aside(const std::string& directory, double now, const DbWords& words) {
  const std::string path = directory + "/" + words.file;
  std::string suffix = ".corrupt-" + stamp(now);
  // Twice in one second, or a clock that was set back: never over what is there.
  for (int i = 2; !absent(path + suffix) || !absent(directory + "/objects" + suffix); ++i)
    suffix = ".corrupt-" + stamp(now) + "-" + std::to_string(i);
  std::string aside = path + suffix;
  if (::rename(path.c_str(), aside.c_str()) != 0)
    return fail_errno(errno, "cannot set the corrupt " + std::string(words.database) + " aside");
  // SQLite looks for them by the name of the database. They need not exist.
  for (const char* more : {"-wal", "-shm"})
    if (::rename((path + more).c_str(), (aside + more).c_str()) != 0 && errno != ENOENT)
      return fail_errno(errno, "cannot set a part of the corrupt " + std::string(words.database) + " aside");
  // Its large bodies: to the next database they would be files that nothing refers to.
  if (::rename((directory + "/objects").c_str(), (directory + "/objects" + suffix).c_str()) != 0 && errno != ENOENT)
    return fail_errno(errno, "cannot set the bodies of the corrupt " + std::string(words.database) + " aside");
  return aside;
}

Result<std::vector<std::string>> check_database(const std::shared_ptr<Database>& database, bool records) {
  Checker checker(database);
  TRY(checker.file());
  if (records) {
    TRY(checker.entries());
    TRY(checker.directories());
  }
  return checker.take();
}

}  // namespace rfs::store
