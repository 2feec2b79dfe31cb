#include "backends/store/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "backends/store/check.h"
#include "backends/store/opening.h"
#include "backends/store/root_change.h"
#include "backends/store/schema.h"
#include "base/file.h"
#include "base/secret.h"

namespace rfs::store {

namespace {

constexpr int kWriterBusyMs = 5'000;
constexpr int kReaderBusyMs = 1'000;

Connections::Open reader_of(const std::string& path, Db::Mode mode, const DbWords& words) {
  return [path, mode, words]() -> Result<std::unique_ptr<Db>> {
    TRY_ASSIGN(auto db, Db::open(path, mode, kReaderBusyMs, words));
    TRY(configure_reader(*db));
    return db;
  };
}

Result<> create_store(Db& db, const SecretBytes& root, const StoreIdentity* identity) {
  StoreIdentity fresh;
  if (!identity) {
    SecretBytes random = SecretBytes::random(fresh.store_id.size());
    std::copy(random.reveal().begin(), random.reveal().end(), fresh.store_id.begin());
    TRY_ASSIGN(auto ring, KeyRing::create(fresh.store_id, root, fresh.ring));
    identity = &fresh;
  }
  TRY(create_schema(db));
  TRY(insert_value(db, "store_id", identity->store_id));
  return insert_value(db, "ring", identity->ring);
}

}  // namespace

Result<> Database::load_identity(Db& db, const SecretBytes& root) {
  TRY_ASSIGN(Bytes store_id, value_of(db, "store_id"));
  if (store_id.size() != identity_.store_id.size())
    return fail(Code::kTampered, std::string("the ") + words_.database + " lacks its store_id");
  std::copy(store_id.begin(), store_id.end(), identity_.store_id.begin());
  TRY_ASSIGN(OpenedRing opened, open_ring(db, identity_.store_id, root, !read_only_));
  identity_.ring = std::move(opened.record);
  ring_ = std::move(opened.ring);
  // A cut-off file often has a sound beginning: touch the root of every table.
  for (const char* sql : {"SELECT n FROM entry LIMIT 1", "SELECT size FROM body LIMIT 1", "SELECT i FROM chunk LIMIT 1",
                          "SELECT 1 FROM directory LIMIT 1"})
    TRY(db.integer(sql));
  return {};
}

Result<> Database::bring_up(Db& db, const SecretBytes& root, const StoreIdentity* identity) {
  return store::bring_up(db, cache_schema(), migrations(), path_.substr(0, path_.rfind('/')), users_,
                         [&] { return create_store(db, root, identity); });
}

Result<std::shared_ptr<Database>> Database::open_memory(const SecretBytes& root) {
  std::shared_ptr<Database> self(new Database);
  TRY_ASSIGN(self->locks_, Locks::open(""));
  TRY_ASSIGN(auto db, Db::open(":memory:", Db::Mode::kReadWrite, 0));
  TRY(configure_writer(*db, true));
  TRY(self->bring_up(*db, root, nullptr));
  TRY(self->load_identity(*db, root));
  self->connections_ = std::make_unique<Connections>(std::move(db), nullptr);
  return self;
}

Result<std::shared_ptr<Database>> Database::open_read_only(const Options& options, const SecretBytes& root) {
  std::shared_ptr<Database> self(new Database);
  const std::string& directory = options.directory;
  const DbWords& words = options.words;
  self->words_ = words;
  self->path_ = directory + "/" + words.file;
  self->read_only_ = true;
  TRY_ASSIGN(const bool there, is_there(self->path_));
  if (!there)
    return fail(Code::kReadOnly, std::string("the ") + words.directory + " is read-only and holds no database",
                std::string("make it writable, or name another with ") + words.variable);
  if (auto users = share(directory, words)) self->users_ = std::move(*users);
  TRY_ASSIGN(self->locks_, Locks::open(directory + "/lock"));
  TRY_ASSIGN(self->objects_, Objects::open(directory + "/objects", true));
  auto use = [&](Db::Mode mode) -> Result<> {
    TRY_ASSIGN(auto db, reader_of(self->path_, mode, words)());
    TRY_ASSIGN(SchemaState state, schema_state(*db));
    if (state == SchemaState::kNewer)
      return fail(Code::kUnsupported, std::string("the ") + words.database + " was written by a newer version of this program",
                  std::string("update this program, or name another directory with ") + words.variable);
    if (state != SchemaState::kCurrent)
      return fail(Code::kUnsupported, std::string("the ") + words.database + " is not of this version, and cannot be brought to it read-only");
    TRY(self->load_identity(*db, root));
    self->connections_ = std::make_unique<Connections>(nullptr, reader_of(self->path_, mode, words));
    return {};
  };
  // Together with a writer elsewhere when there is a -wal to share; SQLite cannot make one here.
  auto opened = use(Db::Mode::kReadOnly);
  if (!opened && opened.error().code != Code::kNoKey && opened.error().code != Code::kUnsupported)
    opened = use(Db::Mode::kImmutable);
  if (!opened) return fail(std::move(opened.error()));
  return self;
}

Result<std::shared_ptr<Database>> Database::open_file(const Options& options, const SecretBytes& root,
                                                      const StoreIdentity* identity) {
  std::shared_ptr<Database> self(new Database);
  const std::string& directory = options.directory;
  const DbWords& words = options.words;
  self->words_ = words;
  self->path_ = directory + "/" + words.file;
  auto opened = [&]() -> Result<> {
    TRY_ASSIGN(self->users_, share(directory, words));
    TRY_ASSIGN(self->locks_, Locks::open(directory + "/lock"));
    TRY_ASSIGN(self->objects_, Objects::open(directory + "/objects", false));
    TRY(make_private_file(self->path_, words));
    struct stat file {};
    if (::stat(self->path_.c_str(), &file) != 0) return fail_errno(errno, std::string("cannot look at the ") + words.database);
    self->device_ = file.st_dev;
    self->inode_ = file.st_ino;
    TRY_ASSIGN(auto db, Db::open(self->path_, Db::Mode::kReadWrite, kWriterBusyMs, words));
    auto usable = [&]() -> Result<> {
      TRY(configure_writer(*db, false));
      TRY(self->bring_up(*db, root, identity));
      return self->load_identity(*db, root);
    }();
    // A damaged key ring makes the rest as useless as a damaged page does.
    sync_directory(directory);
    self->found_corrupt_ = db->corrupt() || (!usable && usable.error().code == Code::kTampered);
    TRY(std::move(usable));
    TRY_ASSIGN(self->data_version_, db->integer("PRAGMA data_version"));
    self->connections_ = std::make_unique<Connections>(std::move(db), reader_of(self->path_, Db::Mode::kReadOnly, words));
    return {};
  }();
  if (opened || self->found_corrupt_) return self;
  return fail(std::move(opened.error()));
}

Result<std::shared_ptr<Database>> Database::open(const Options& options, const SecretBytes& root,
                                                 const StoreIdentity* identity, std::shared_ptr<Faults> faults,
                                                 std::string& notice) {
  auto with_faults = [&](Result<std::shared_ptr<Database>> opened) {
    if (opened) (*opened)->faults_ = faults;
    return opened;
  };
  if (options.memory_only) return with_faults(open_memory(root));
  const std::string& directory = options.directory;
  if (options.read_only) return with_faults(open_read_only(options, root));
  TRY(make_directories(directory, 0700));
  // faccessat, not access: the rights of the effective user, and EROFS for root too.
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return with_faults(open_read_only(options, root));

  TRY_ASSIGN(auto gates, Locks::open(directory + "/lock"));
  TRY_ASSIGN([[maybe_unused]] auto gate, gates->gate());
  TRY_ASSIGN(auto database, open_file(options, root, identity));
  if (database->found_corrupt_) {
    database.reset();  // before the files are renamed, so that it does not have to know
    TRY_ASSIGN(std::string aside, set_aside(directory, options.now, options.words));
    notice = std::string("the ") + options.words.database + " was corrupt and is kept as " + aside;
    TRY_ASSIGN(database, open_file(options, root, identity));
    if (database->found_corrupt_) return fail(Code::kBroken, std::string("a ") + options.words.database + " just made is corrupt");
  }
  return with_faults(std::move(database));
}

bool Database::replaced() const {
  if (path_.empty() || read_only_) return false;
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0) return errno == ENOENT;
  return file.st_dev != device_ || file.st_ino != inode_;
}

bool Database::changed_by_others() {
  // data_version moves when a connection other than the one that is asked commits. Of this process only the writing
  // one does, so that is the one to ask. When it is busy, the next call sees it.
  auto db = connections_->try_write();
  if (!db) return false;
  auto version = (*db)->integer("PRAGMA data_version");
  if (!version) return false;
  return std::exchange(data_version_, *version) != *version;
}

Result<std::shared_ptr<Database>> reopen(const std::shared_ptr<Database>& old, const Database::Options& options,
                                         const SecretBytes& root, std::shared_ptr<Faults> faults, std::string& notice) {
  notice.clear();
  if (old->corrupt() && !old->replaced()) {
    TRY_ASSIGN(auto locks, Locks::open(options.directory + "/lock"));
    TRY_ASSIGN([[maybe_unused]] auto gate, locks->gate());
    if (!old->replaced()) {
      TRY_ASSIGN(std::string aside, set_aside(options.directory, options.now, options.words));
      notice = std::string("the ") + options.words.database + " was corrupt and is kept as " + aside;
    }
  }
  std::string another;
  TRY_ASSIGN(auto fresh, Database::open(options, root, &old->identity(), faults, another));
  if (!another.empty()) notice = another;
  return fresh;
}

}  // namespace rfs::store
