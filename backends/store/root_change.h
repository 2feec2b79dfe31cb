// The key ring of a database while its root key is changed: for a time there are two copies of it, one under each key,
// so that either opens the database and a crash on the way locks nobody out. runnerfs-formats(7), "Key tree".
#pragma once

#include <memory>
#include <string>

#include "backends/store/db.h"
#include "crypto/key_ring.h"

namespace rfs::store {

struct OpenedRing {
  std::unique_ptr<KeyRing> ring;
  Bytes record;
  bool replaced = false;  // the copy under the former key was erased: old pages still hold it
};

// The ring under `root`; or the one that was laid ready for it, which then takes its place if db can be written.
// kNoKey: it is another key's.
Result<OpenedRing> open_ring(Db& db, const Id16& store_id, const SecretBytes& root, bool writable);

// Lays a copy of the ring under `next` into the database at `path`, beside whoever uses it. The first open() with
// `next` erases the copy under `root`. kNotFound: there is no database.
Result<> lay_ring(const std::string& path, const DbWords& words, const SecretBytes& root, const SecretBytes& next);

// After `next` was installed: what an open() with it does, now, and the old copy leaves the file for good.
Result<> settle_ring(const std::string& path, const DbWords& words, const SecretBytes& next);

}  // namespace rfs::store
