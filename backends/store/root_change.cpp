#include "backends/store/root_change.h"

#include <unistd.h>

#include <algorithm>

#include "backends/store/opening.h"
#include "base/file.h"

namespace rfs::store {
namespace {

constexpr int kBusyMs = 5'000;
constexpr std::string_view kNext = "ring_next";

Result<> take_place(Db& db, BytesView record) {
  TRY_ASSIGN(Txn txn, Txn::begin(db));
  TRY(replace_value(db, "ring", record));
  TRY(db.exec("DELETE FROM meta WHERE name = 'ring_next'"));
  return txn.commit();
}

}  // namespace

Result<OpenedRing> open_ring(Db& db, const Id16& store_id, const SecretBytes& root, bool writable) {
  OpenedRing out;
  TRY_ASSIGN(out.record, value_of(db, "ring"));
  auto ring = KeyRing::open(store_id, root, out.record);
  if (!ring && ring.error().code == Code::kNoKey) {
    if (auto next = value_of(db, kNext)) {
      if (auto opened = KeyRing::open(store_id, root, *next)) {
        if (writable) TRY(take_place(db, *next));
        out.replaced = writable;
        out.record = std::move(*next);
        ring = std::move(opened);
      }
    }
  }
  if (!ring) return fail(std::move(ring.error()));
  out.ring = std::move(*ring);
  return out;
}

namespace {

Result<std::unique_ptr<Db>> open_writer(const std::string& path, const DbWords& words) {
  TRY_ASSIGN(const bool there, is_there(path));
  if (!there)
    return fail(Code::kNotFound, "there is no " + std::string(words.database) + " at " + path);
  TRY_ASSIGN(auto db, Db::open(path, Db::Mode::kReadWrite, kBusyMs, words));
  TRY(configure_writer(*db, false));
  TRY(db->exec("PRAGMA secure_delete = ON"));
  return db;
}

Result<Id16> store_id_of(Db& db) {
  TRY_ASSIGN(const Bytes stored, value_of(db, "store_id"));
  Id16 store_id{};
  if (stored.size() != store_id.size())
    return fail(Code::kTampered, "the " + std::string(db.words().database) + " lacks its store_id");
  std::copy(stored.begin(), stored.end(), store_id.begin());
  return store_id;
}

}  // namespace

Result<> lay_ring(const std::string& path, const DbWords& words, const SecretBytes& root, const SecretBytes& next) {
  TRY_ASSIGN(auto db, open_writer(path, words));
  TRY_ASSIGN(const Id16 store_id, store_id_of(*db));
  TRY_ASSIGN(Txn txn, Txn::begin(*db));
  TRY_ASSIGN(const Bytes record, value_of(*db, "ring"));
  TRY_ASSIGN(const auto ring, KeyRing::open(store_id, root, record));
  TRY_ASSIGN(const Bytes laid, ring->seal_under(next));
  TRY(replace_value(*db, kNext, laid));
  return txn.commit();
}

Result<> settle_ring(const std::string& path, const DbWords& words, const SecretBytes& next) {
  TRY_ASSIGN(auto db, open_writer(path, words));
  TRY_ASSIGN(const Id16 store_id, store_id_of(*db));
  TRY_ASSIGN([[maybe_unused]] const OpenedRing opened, open_ring(*db, store_id, next, true));
  // Readers in the way keep the old page in the write-ahead log until the next checkpoint.
  return db->exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace rfs::store
