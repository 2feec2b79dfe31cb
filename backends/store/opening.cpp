#include "backends/store/opening.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace rfs::store {

Result<> make_private_file(const std::string& path, const DbWords& words) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, "cannot make the " + std::string(words.database));
  return {};
}

void sync_directory(const std::string& directory) {
  Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

Result<FileLock> share(const std::string& directory, const DbWords& words) {
  auto lock = FileLock::take(directory + "/lock", FileLock::Kind::kShared);
  if (!lock && lock.error().code == Code::kBusy)
    return fail(Code::kBusy, "another process is changing the format of the " + std::string(words.database),
                "try again when it is done");
  return lock;
}

Result<> insert_value(Db& db, std::string_view name, BytesView value) {
  return db.use("INSERT INTO meta (name, value) VALUES (?, ?)").text(name).blob(value).run();
}

Result<> replace_value(Db& db, std::string_view name, BytesView value) {
  return db.use("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)").text(name).blob(value).run();
}

Result<Bytes> value_of(Db& db, std::string_view name) {
  auto stmt = db.use("SELECT value FROM meta WHERE name = ?");
  stmt.text(name);
  TRY_ASSIGN(bool row, stmt.step());
  if (!row) return fail(Code::kTampered, "the " + std::string(db.words().database) + " lacks its " + std::string(name));
  BytesView value = stmt.blob_at(0);
  return Bytes(value.begin(), value.end());
}

Result<> bring_up(Db& db, const Schema& schema, std::span<const Migration> steps, const std::string& directory,
                  std::optional<FileLock>& users, const std::function<Result<>()>& create) {
  const std::string database = db.words().database;
  const std::string elsewhere = std::string("name another directory with ") + db.words().variable;
  TRY_ASSIGN(SchemaState state, schema_state(db, schema));
  switch (state) {
    case SchemaState::kCurrent:
      return {};
    case SchemaState::kForeign:
      return fail(Code::kUnsupported, "what lies where the " + database + " belongs is a database of another program",
                  elsewhere);
    case SchemaState::kNewer:
      return fail(Code::kUnsupported, "the " + database + " was written by a newer version of this program",
                  "update this program, or " + elsewhere);
    case SchemaState::kEmpty: {
      TRY_ASSIGN(Txn txn, Txn::begin(db));
      TRY(create());
      return txn.commit();
    }
    case SchemaState::kOlder:
      break;
  }
  users.reset();
  {
    auto alone = FileLock::take(directory + "/lock", FileLock::Kind::kExclusive);
    if (!alone)
      return fail(alone.error().code, "the " + database + " is of an older version, and a process still uses it",
                  "end that process (fuser tells which), so that it can be migrated");
    TRY(migrate(db, steps));
  }
  TRY_ASSIGN(users, share(directory, db.words()));
  return {};
}

}  // namespace rfs::store
