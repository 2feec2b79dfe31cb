// What a CredentialStore consists of. Order of locks: a connection, then `refreshing`, then `state`.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "backends/secrets/credential_index.h"
#include "backends/secrets/credential_store.h"
#include "backends/store/connections.h"
#include "base/file.h"
#include "base/sync.h"

namespace rfs::secrets {

struct StoreState {
  std::shared_ptr<const KeyRing> ring;
  Bytes ring_record, root_record;  // as they are in the database
  RootState root;
  CredentialIndex index;
};

struct CredentialStore::Impl {
  std::string path;  // of the database; "" in memory
  dev_t device = 0;
  ino_t inode = 0;
  std::optional<FileLock> users;
  SecretBytes root_key;
  Id16 store_id{};
  std::unique_ptr<store::Connections> connections;
  std::mutex refreshing;  // one at a time changes `state`
  mutable Sync<StoreState> state;
  Sync<bool> pages_to_erase;

  Result<> open_memory();
  Result<> open_file(const Options& options, double now, bool& made);
  Result<> bring_up(Db& db, double now, bool& made, const std::string& directory);
  Result<> load_ring(Db& db);

  // Empties the write-ahead log into the database, if something old is in it.
  Result<> truncate(Db& db);
  // kTampered when another file has the name of the database now.
  Result<> still_there() const;
  // Brings `state` to what the database holds now. A transaction on db may be open.
  Result<> refresh(Db& db);
  Result<> refresh_within(Db& db);
  Result<> reload(Db& db, std::shared_ptr<const KeyRing> ring, Bytes ring_record, Bytes root_record,
                  const RootState& root);
  // The first of `ids` that is there.
  Result<std::optional<std::pair<Digest, IndexRow>>> look(std::span<const Digest> ids);
  // The record of that one. REQUIRES: ids is not empty.
  Result<std::optional<Found>> read(std::span<const Digest> ids);
  Result<Listing> list(const std::vector<Digest>& ids);
  std::shared_ptr<const KeyRing> ring() const { return state.lock()->ring; }

  // SQLite's "this is no database" is what tampering looks like from below.
  template <class T>
  Result<T> checked(Result<T> result) const {
    if (!result && result.error().code == Code::kBroken && connections && connections->corrupt())
      return fail(Code::kTampered, "the credentials database is damaged",
                  "bring back a copy of the credentials directory, or move it away to begin anew");
    return result;
  }
};

// Of a row: parent, version and what its record's header commits to. kTampered when they are not of the right form.
Result<IndexRow> index_row(BytesView parent, std::int64_t version, BytesView record);
Result<Digest> digest_of(BytesView bytes);

}  // namespace rfs::secrets
