// The tables of a store, and which version of them a file holds.
#pragma once

#include <span>

#include "backends/store/db.h"

namespace rfs::store {

// The tables of one kind of database. Its words are those of the connection (DbWords).
struct Schema {
  int application_id;
  int version;
  const char* tables;  // SQL that makes them in an empty file
};
// Of cache.db and codeql.db.
const Schema& cache_schema();

// What every connection is set to, for its life.
Result<> configure_writer(Db& db, bool in_memory);
Result<> configure_reader(Db& db);

enum class SchemaState { kEmpty, kCurrent, kOlder, kNewer, kForeign };
Result<SchemaState> schema_state(Db& db, const Schema& schema = cache_schema());

// Makes the tables of an empty file. REQUIRES: a transaction is open; the caller commits it.
Result<> create_schema(Db& db, const Schema& schema = cache_schema());

// One step: from version `from` to from + 1.
struct Migration {
  int from;
  const char* sql;
};
// The steps to the version of cache_schema(), in their order.
std::span<const Migration> migrations();
// All steps that the file lacks, in one transaction. REQUIRES: nobody else uses the store (FileLock::kExclusive).
Result<> migrate(Db& db, std::span<const Migration> steps);

}  // namespace rfs::store
