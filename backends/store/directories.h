// Directories: the rows of the table `directory`, so that a listing shows the directories on the way to an entry
// without looking at any other row.
#pragma once

#include <string>
#include <vector>

#include "backends/entry.h"
#include "backends/store/db.h"
#include "crypto/key_ring.h"

namespace rfs::store {

// "a/b/c" → "a/b"; "a" → "".
std::string parent_directory(const std::string& directory);

// Rows for the entry's directory and all above it, those that are missing. REQUIRES: a transaction is open.
Result<> add_directories(Db& db, const KeyRing& ring, const EntryKey& key);
// Removes the row of a directory that holds nothing any longer, then looks at the one above. id: its `parent` hash.
// REQUIRES: a transaction is open.
Result<> prune_directories(Db& db, BytesView id);

}  // namespace rfs::store
