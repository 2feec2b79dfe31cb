#include "backends/store/lookup.h"

#include "backends/store/codec.h"
#include "backends/store/stored_body.h"
#include "base/encode.h"

namespace rfs::store {

namespace {

Bytes copy(BytesView bytes) { return Bytes(bytes.begin(), bytes.end()); }

EntryPtr entry_of(const std::shared_ptr<Database>& database, MetaRecord record) {
  auto entry = std::make_shared<Entry>();
  entry->key = std::move(record.key);
  entry->meta = std::move(record.meta);
  entry->sha256 = record.sha256;
  entry->found = Source::kDisk;
  if (record.inline_body) {
    entry->body = std::make_shared<MemoryBody>(std::move(*record.inline_body));
  } else {
    entry->body = std::make_shared<StoredBody>(database, *record.body, record.raw_len, shown_path(entry->key));
  }
  return entry;
}

// The record of a row, or an error that has been counted.
Result<MetaRecord> open_row(Database& database, const Digest& id, BytesView sealed, const std::string& path) {
  auto record = open_meta(database.ring(), id, sealed);
  if (!record) database.faults().spoiled("entry " + path, path, record.error());
  return record;
}

// What is held of a body, as far as that can be seen without reading it. `behind`: bytes that its file must have, -1
// when the database has no row of it.
bool body_is_there(Database& database, const BodyRef& body, std::int64_t behind) {
  if (!body.index) return behind == 0;
  return behind > 0 && database.objects() && database.objects()->holds(body.id, behind);
}

}  // namespace

EntryPtr as_found(const Entry& entry) {
  auto copy = std::make_shared<Entry>(entry);
  copy->found = Source::kDisk;
  return copy;
}

Result<EntryPtr> find_entry(const std::shared_ptr<Database>& database, const EntryKey& key, std::int64_t& used_ms) {
  Digest id = entry_id(database->ring(), key);
  Bytes sealed;
  std::int64_t behind = 0;
  {
    TRY_ASSIGN(auto db, database->connections().read());
    // Lengths alone: SQLite does not read the chunks for them.
    auto stmt = db->use(
        "SELECT used_hint, meta, ifnull((SELECT size - (SELECT ifnull(sum(length(data)), 0) FROM chunk WHERE "
        "chunk.body_id = body.body_id) FROM body WHERE body.body_id = entry.body_id), -1) FROM entry WHERE id = ?");
    stmt.blob(id);
    TRY_ASSIGN(bool found, stmt.step());
    if (!found) return nullptr;
    used_ms = stmt.integer_at(0);
    sealed = copy(stmt.blob_at(1));
    behind = stmt.integer_at(2);
  }
  TRY_ASSIGN(MetaRecord record, open_row(*database, id, sealed, shown_path(key)));
  // Before a reader has the size: GitHub is asked again for what is gone. What nobody else has (cache/) stays a name
  // whose read fails, to be removed or written anew.
  if (record.body && key.space == Space::kApi) {
    const std::string name = StoredBody::record_name(record.body->id);
    if (database->faults().is_spoiled(name))
      return fail(Code::kTampered, "the body of this entry in the cache is damaged");
    if (!body_is_there(*database, *record.body, behind)) {
      Error error{Code::kTampered, "a body is missing from objects of the store, or cut short", "", -1};
      database->faults().spoiled(name, shown_path(key), error);
      return fail(std::move(error));
    }
  }
  return entry_of(database, std::move(record));
}

Result<Listing> list_directory(const std::shared_ptr<Database>& database, const EntryKey& scope,
                               const std::string& directory) {
  Digest parent = directory_id(database->ring(), scope, directory);
  struct Row {
    Digest id;
    Bytes record;
  };
  std::vector<Row> entries, directories;
  {
    TRY_ASSIGN(auto db, database->connections().read());
    auto collect = [&](const char* sql, std::vector<Row>& rows) -> Result<> {
      auto stmt = db->use(sql);
      stmt.blob(parent);
      for (;;) {
        TRY_ASSIGN(bool more, stmt.step());
        if (!more) return {};
        Row row;
        BytesView id = stmt.blob_at(0);
        if (id.size() != row.id.size()) continue;
        std::copy(id.begin(), id.end(), row.id.begin());
        row.record = copy(stmt.blob_at(1));
        rows.push_back(std::move(row));
      }
    };
    TRY(collect("SELECT id, meta FROM entry WHERE parent = ?", entries));
    TRY(collect("SELECT id, rec FROM directory WHERE parent = ?", directories));
  }
  Listing listing;
  for (const Row& row : directories) {
    auto name = open_directory(database->ring(), row.id, row.record);
    if (name) {
      listing[*name] = Listed{*name, true, 0, 0};
    } else {
      database->faults().spoiled("directory " + hex(row.id), "", name.error());
    }
  }
  for (const Row& row : entries) {
    // Which name it had is not known.
    auto record = open_row(*database, row.id, row.record, "record " + hex(row.id));
    if (!record) continue;
    const std::string& name = record->key.name;
    listing[name] = Listed{name, false, record->raw_len, record->meta.fetched_at, record->meta.expires_at};
  }
  return listing;
}

void overlay_listing(Listing& listing, const std::string& directory, const EntryKey& key, const EntryPtr& entry) {
  if (key.directory == directory) {
    if (entry) {
      listing[key.name] = Listed{key.name, false, entry->body->size(), entry->meta.fetched_at, entry->meta.expires_at};
    } else {
      listing.erase(key.name);
    }
    return;
  }
  if (!entry) return;
  std::string prefix = directory.empty() ? "" : directory + "/";
  if (key.directory.size() <= prefix.size() || !key.directory.starts_with(prefix)) return;
  std::string name = key.directory.substr(prefix.size(), key.directory.find('/', prefix.size()) - prefix.size());
  listing.try_emplace(name, Listed{name, true, 0, 0});
}

Result<Page> next_entries(const std::shared_ptr<Database>& database, Space space, std::int64_t after) {
  constexpr int kPage = 64;
  std::vector<std::pair<Digest, Bytes>> rows;
  Page page;
  page.after = after;
  page.last = true;
  {
    TRY_ASSIGN(auto db, database->connections().read());
    auto stmt = db->use("SELECT n, id, meta FROM entry WHERE space = ? AND n > ? ORDER BY n LIMIT ?");
    stmt.integer(static_cast<std::int64_t>(space)).integer(after).integer(kPage);
    for (;;) {
      TRY_ASSIGN(bool more, stmt.step());
      if (!more) break;
      page.last = false;
      page.after = stmt.integer_at(0);
      Digest id;
      BytesView at = stmt.blob_at(1);
      if (at.size() != id.size()) continue;
      std::copy(at.begin(), at.end(), id.begin());
      rows.emplace_back(id, copy(stmt.blob_at(2)));
    }
  }
  for (const auto& [id, sealed] : rows) {
    auto record = open_row(*database, id, sealed, "record " + hex(id));
    if (record) page.entries.push_back(entry_of(database, std::move(*record)));
  }
  return page;
}

Result<std::string> find_value(Database& database, const std::string& name) {
  TRY_ASSIGN(auto db, database.connections().read());
  auto stmt = db->use("SELECT value FROM meta WHERE name = ?");
  stmt.text("value/" + name);
  TRY_ASSIGN(bool found, stmt.step());
  return found ? std::string(stmt.text_at(0)) : std::string();
}

Result<Totals> find_totals(Database& database) {
  TRY_ASSIGN(auto db, database.connections().read());
  return read_totals(*db);
}

}  // namespace rfs::store
