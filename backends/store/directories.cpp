#include "backends/store/directories.h"

#include "backends/store/codec.h"

namespace rfs::store {

std::string parent_directory(const std::string& directory) {
  auto slash = directory.rfind('/');
  return slash == std::string::npos ? std::string() : directory.substr(0, slash);
}

Result<> add_directories(Db& db, const KeyRing& ring, const EntryKey& key) {
  for (std::string directory = key.directory; !directory.empty(); directory = parent_directory(directory)) {
    Digest id = directory_id(ring, key, directory);
    {
      auto stmt = db.use("SELECT 1 FROM directory WHERE id = ?");
      stmt.blob(id);
      TRY_ASSIGN(bool found, stmt.step());
      if (found) return {};  // and then so are those above it
    }
    std::string above = parent_directory(directory);
    TRY_ASSIGN(Bytes record, seal_directory(ring, id, directory.substr(above.empty() ? 0 : above.size() + 1)));
    TRY(db.use("INSERT INTO directory (id, parent, rec) VALUES (?, ?, ?)")
            .blob(id)
            .blob(directory_id(ring, key, above))
            .blob(record)
            .run());
  }
  return {};
}

Result<> prune_directories(Db& db, BytesView id) {
  Bytes at(id.begin(), id.end());
  for (;;) {
    Bytes above;
    {
      auto stmt = db.use(
          "SELECT parent FROM directory WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM entry WHERE parent = ?1) "
          "AND NOT EXISTS (SELECT 1 FROM directory WHERE parent = ?1)");
      stmt.blob(at);
      TRY_ASSIGN(bool empty, stmt.step());
      if (!empty) return {};
      BytesView parent = stmt.blob_at(0);
      above.assign(parent.begin(), parent.end());
    }
    TRY(db.use("DELETE FROM directory WHERE id = ?").blob(at).run());
    at = std::move(above);
  }
}

}  // namespace rfs::store
