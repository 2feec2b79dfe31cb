// Check: is a database sound, and what becomes of one that is not. Nothing here deletes anything.
#pragma once

#include <string>
#include <vector>

#include "backends/store/database.h"
#include "base/result.h"

namespace rfs::store {

// Renames the database, its -wal and -shm, and objects/ to names that end in corrupt-<UTC time>. Answers the new path of
// the database. REQUIRES: the gate of the directory is held. Connections that are open keep working on the renamed
// files (SQLite notices the move and leaves the names alone).
Result<std::string> set_aside(const std::string& directory, double now, const DbWords& words = {});

// The problems of the file (quick_check) and, when `records`, of every sealed record; one a line; empty: sound.
// Reads everything: for `doctor` and tests.
Result<std::vector<std::string>> check_database(const std::shared_ptr<Database>& database, bool records);

}  // namespace rfs::store
