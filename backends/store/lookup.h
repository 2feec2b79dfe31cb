// Lookup: what a reader asks of a database. Each function is one short use of one reading connection. Any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/store/database.h"
#include "backends/store/rows.h"
#include "backends/tier.h"

namespace rfs::store {

// The entry as one that was found on disk.
EntryPtr as_found(const Entry& entry);

// Null: absent. kTampered: its record or body is damaged (counted and told once). used_ms: its hint.
Result<EntryPtr> find_entry(const std::shared_ptr<Database>& database, const EntryKey& key, std::int64_t& used_ms);

// Names directly below `directory`, by name. scope: space, partition and class.
using Listing = std::map<std::string, Listed>;
Result<Listing> list_directory(const std::shared_ptr<Database>& database, const EntryKey& scope,
                               const std::string& directory);
// As if `entry` were stored (null: removed) under `key`.
void overlay_listing(Listing& listing, const std::string& directory, const EntryKey& key, const EntryPtr& entry);

// Entries of a space in the order of their rows, from after a row on.
struct Page {
  std::vector<EntryPtr> entries;
  std::int64_t after = 0;
  bool last = false;  // there was nothing more
};
Result<Page> next_entries(const std::shared_ptr<Database>& database, Space space, std::int64_t after);

// "" when there is none.
Result<std::string> find_value(Database& database, const std::string& name);
Result<Totals> find_totals(Database& database);

}  // namespace rfs::store
