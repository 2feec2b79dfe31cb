// Database: one opened database of a store and what belongs to it: connections, key ring, locks, objects/. Never reopened: when it
// is found corrupt, or another file took its name, EntryStore opens the next one and this one lives on for the bodies
// that still read from it. Any thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "backends/store/connections.h"
#include "backends/store/faults.h"
#include "backends/store/locks.h"
#include "backends/store/objects.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/key_ring.h"

namespace rfs::store {

// What names a store's keys: kept when a corrupt database is replaced while running, so that partitions and ids that
// were given out stay good.
struct StoreIdentity {
  Id16 store_id{};
  Bytes ring;  // RING record
};

class Database {
 public:
  struct Options {
    std::string directory;
    bool memory_only = false;
    double now = 0;  // wall seconds, for the name of a database set aside
    bool read_only = false;  // also where it could be written: nothing is made, migrated or set aside
    DbWords words{};
  };
  // identity: for a store that has to be made; fresh keys when null. notice: what the user must be told, or "".
  static Result<std::shared_ptr<Database>> open(const Options& options, const SecretBytes& root,
                                                const StoreIdentity* identity, std::shared_ptr<Faults> faults,
                                                std::string& notice);

  Connections& connections() { return *connections_; }
  const KeyRing& ring() const { return *ring_; }
  const StoreIdentity& identity() const { return identity_; }
  Locks& locks() { return *locks_; }
  Faults& faults() { return *faults_; }
  // Null: large bodies are rows too (a store in memory).
  const Objects* objects() const { return objects_ ? &*objects_ : nullptr; }
  bool read_only() const { return read_only_; }
  bool corrupt() const { return connections_->corrupt(); }
  // Another file, or none, has the name of this database now.
  bool replaced() const;
  // True once after another process committed.
  bool changed_by_others();

 private:
  Database() = default;
  static Result<std::shared_ptr<Database>> open_memory(const SecretBytes& root);
  static Result<std::shared_ptr<Database>> open_read_only(const Options& options, const SecretBytes& root);
  static Result<std::shared_ptr<Database>> open_file(const Options& options, const SecretBytes& root,
                                                     const StoreIdentity* identity);
  // Brings the schema to this program's version; makes it in an empty file.
  Result<> bring_up(Db& db, const SecretBytes& root, const StoreIdentity* identity);
  Result<> load_identity(Db& db, const SecretBytes& root);

  std::string path_;  // empty: in memory
  DbWords words_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool read_only_ = false;
  bool found_corrupt_ = false;  // while opening
  std::optional<FileLock> users_;
  std::shared_ptr<Locks> locks_;
  std::optional<Objects> objects_;
  StoreIdentity identity_;
  std::unique_ptr<KeyRing> ring_;
  std::shared_ptr<Faults> faults_;
  std::unique_ptr<Connections> connections_;
  std::int64_t data_version_ = 0;  // used with the writing connection
};

// The database that takes the place of `old`, which is corrupt or whose name another file has taken: the one that is
// there now when another process was faster, else a new one beside the old files, which are set aside (`notice`).
Result<std::shared_ptr<Database>> reopen(const std::shared_ptr<Database>& old, const Database::Options& options,
                                         const SecretBytes& root, std::shared_ptr<Faults> faults, std::string& notice);

}  // namespace rfs::store
