// Opening: what every database of this program needs before it can be used: a private file, the `lock` of its
// directory, its schema, and the values of its table `meta`. Messages use the words of the connection.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "backends/store/db.h"
#include "backends/store/schema.h"
#include "base/bytes.h"
#include "base/file.h"

namespace rfs::store {

// SQLite would make it 0644 less the umask; -wal and -shm take the mode of the database.
Result<> make_private_file(const std::string& path, const DbWords& words);

// A database just made is durable when the directory knows it. Some file systems cannot sync one: not an error.
void sync_directory(const std::string& directory);

// As one of the users of a store. kBusy: somebody holds it alone.
Result<FileLock> share(const std::string& directory, const DbWords& words);

// The table `meta` (name PRIMARY KEY, value), which every schema has.
Result<> insert_value(Db& db, std::string_view name, BytesView value);
Result<> replace_value(Db& db, std::string_view name, BytesView value);
// kTampered when it is missing.
Result<Bytes> value_of(Db& db, std::string_view name);

// Brings the schema to this program's version: an empty file is filled by `create` in a transaction, an older one is
// migrated while nobody else uses the directory (`users` is given up and taken again). kUnsupported for a database of a
// newer version or of another program.
Result<> bring_up(Db& db, const Schema& schema, std::span<const Migration> steps, const std::string& directory,
                  std::optional<FileLock>& users, const std::function<Result<>()>& create);

}  // namespace rfs::store
