#include "backends/secrets/credential_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backends/secrets/credential_change.h"
#include "backends/secrets/credential_schema.h"
#include "backends/secrets/credential_store_impl.h"
#include "backends/store/locks.h"
#include "backends/store/opening.h"
#include "backends/store/root_change.h"
#include "base/file.h"

namespace rfs::secrets {

namespace {

constexpr int kWriterBusyMs = 10'000;
constexpr int kReaderBusyMs = 5'000;

auto older_than_log() {
  return fail(Code::kTampered, "the credentials store is older than its audit log",
              "an old copy of credentials.db was put back, or it was removed: bring back the newest copy; to begin "
              "anew, move the whole credentials directory away");
}

Result<std::unique_ptr<Db>> open_writer(const std::string& path) {
  TRY_ASSIGN(auto db, Db::open(path, Db::Mode::kReadWrite, kWriterBusyMs, kWords));
  TRY(store::configure_writer(*db, path == ":memory:"));
  // What is replaced or removed is overwritten with zeros, and a commit survives a power cut.
  TRY(db->exec("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON"));
  return db;
}

store::Connections::Open reader_of(const std::string& path) {
  return [path]() -> Result<std::unique_ptr<Db>> {
    TRY_ASSIGN(auto db, Db::open(path, Db::Mode::kReadOnly, kReaderBusyMs, kWords));
    TRY(store::configure_reader(*db));
    return db;
  };
}

Result<> create_store(Db& db, const SecretBytes& root, double now) {
  Id16 store_id{};
  const SecretBytes random = SecretBytes::random(store_id.size());
  std::copy(random.reveal().begin(), random.reveal().end(), store_id.begin());
  Bytes ring_record;
  TRY_ASSIGN(auto ring, KeyRing::create(store_id, root, ring_record, now));
  RootState state;
  state.generation = 1;
  state.clock_high_water = static_cast<std::uint64_t>(std::max(now, 0.0) * 1000);
  TRY_ASSIGN(Bytes root_record, seal_root(*ring, state));
  TRY(store::create_schema(db, kSchema));
  TRY(store::insert_value(db, "store_id", store_id));
  TRY(store::insert_value(db, "ring", ring_record));
  return store::insert_value(db, "root", root_record);
}

}  // namespace

CredentialStore::CredentialStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CredentialStore::~CredentialStore() = default;

// The ring under the present key; or the one that was laid ready for it, which then takes its place.
Result<> CredentialStore::Impl::load_ring(Db& db) {
  TRY_ASSIGN(Bytes id, store::value_of(db, "store_id"));
  if (id.size() != store_id.size()) return fail(Code::kTampered, "the credentials database lacks its store_id");
  std::copy(id.begin(), id.end(), store_id.begin());
  TRY_ASSIGN(store::OpenedRing opened, store::open_ring(db, store_id, root_key, true));
  if (opened.replaced) *pages_to_erase.lock() = true;
  auto now = state.lock();
  now->ring = std::move(opened.ring);
  now->ring_record = std::move(opened.record);
  return {};
}

Result<> CredentialStore::Impl::bring_up(Db& db, double now, bool& made, const std::string& directory) {
  auto brought = store::bring_up(db, kSchema, migrations(), directory, users, [&]() -> Result<> {
    made = true;
    return create_store(db, root_key, now);
  });
  TRY(std::move(brought));
  TRY(load_ring(db));
  return refresh(db);
}

Result<> CredentialStore::Impl::open_memory() {
  TRY_ASSIGN(auto db, open_writer(":memory:"));
  bool made = false;
  TRY(bring_up(*db, 0, made, ""));
  connections = std::make_unique<store::Connections>(std::move(db), nullptr);
  return {};
}

Result<> CredentialStore::Impl::open_file(const Options& options, double now, bool& made) {
  const std::string& directory = options.directory;
  TRY(make_directories(directory, 0700));
  path = directory + "/credentials.db";
  TRY_ASSIGN(auto gates, store::Locks::open(directory + "/lock"));
  TRY_ASSIGN([[maybe_unused]] auto gate, gates->gate());
  TRY_ASSIGN(users, store::share(directory, kWords));
  TRY_ASSIGN(const bool there, is_there(path));
  if (!there && options.at_least > 0) return older_than_log();
  TRY(store::make_private_file(path, kWords));
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return fail_errno(errno, "cannot look at the credentials database");
  device = file.st_dev;
  inode = file.st_ino;
  TRY_ASSIGN(auto db, open_writer(path));
  auto usable = bring_up(*db, now, made, directory);
  store::sync_directory(directory);
  if (!usable && usable.error().code == Code::kBroken && db->corrupt())
    return fail(Code::kTampered, "the credentials database is damaged",
                "bring back a copy of the credentials directory, or move it away to begin anew");
  TRY(std::move(usable));
  connections = std::make_unique<store::Connections>(std::move(db), reader_of(path));
  if (state.lock()->root.generation < options.at_least) return older_than_log();
  return {};
}

Result<std::unique_ptr<CredentialStore>> CredentialStore::open(const Options& options, const SecretBytes& root,
                                                               double now, bool& made) {
  auto impl = std::make_unique<Impl>();
  impl->root_key = root.clone();
  made = false;
  if (options.memory_only)
    TRY(impl->open_memory());
  else
    TRY(impl->open_file(options, now, made));
  std::unique_ptr<CredentialStore> store(new CredentialStore(std::move(impl)));
  TRY(store->erase_old_pages());
  return store;
}

Result<> CredentialStore::Impl::still_there() const {
  if (path.empty()) return {};
  struct stat file {};
  if (::stat(path.c_str(), &file) == 0 && file.st_dev == device && file.st_ino == inode) return {};
  return fail(Code::kTampered, "the credentials database was removed or replaced while it was in use",
              "unmount and mount again");
}

RootState CredentialStore::root() const { return impl_->state.lock()->root; }

Result<> CredentialStore::change(const std::function<Result<>(Change&)>& body) {
  TRY(impl_->still_there());
  TRY_ASSIGN(auto db, impl_->connections->write());
  auto changed = [&]() -> Result<> {
    TRY_ASSIGN(Txn txn, Txn::begin(*db));
    TRY(impl_->refresh(*db));
    Change change(*impl_, *db);
    TRY(body(change));
    TRY(change.finish());
    TRY(txn.commit());
    if (change.erases_) *impl_->pages_to_erase.lock() = true;
    std::lock_guard one(impl_->refreshing);
    auto state = impl_->state.lock();
    // Another thread may have read it from the database already.
    if (state->root.generation >= change.root_.generation) return {};
    state->ring = change.ring_;
    state->ring_record = std::move(change.ring_record_);
    state->root_record = std::move(change.root_record_);
    state->root = change.root_;
    for (auto& [id, row] : change.staged_) {
      if (row)
        state->index.set(id, std::move(*row));
      else
        state->index.erase(id);
    }
    return {};
  }();
  TRY(impl_->checked(std::move(changed)));
  // The change is committed: what keeps the old pages in place is for erase_old_pages() to try again.
  (void)impl_->truncate(*db);
  return {};
}

Result<> CredentialStore::Impl::truncate(Db& db) {
  if (!*pages_to_erase.lock()) return {};
  auto stmt = db.use("PRAGMA wal_checkpoint(TRUNCATE)");
  TRY_ASSIGN(bool row, stmt.step());
  if (row && stmt.integer_at(0) == 0) *pages_to_erase.lock() = false;
  return {};
}

Result<> CredentialStore::erase_old_pages() {
  TRY_ASSIGN(auto db, impl_->connections->write());
  return impl_->truncate(*db);
}

}  // namespace rfs::secrets
