#include "backends/store/entry_store.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "backends/store/body_draft.h"
#include "backends/store/check.h"
#include "backends/store/codec.h"
#include "backends/store/entry_store_impl.h"
#include "backends/store/lookup.h"
#include "backends/store/writer.h"
#include "crypto/kdf.h"

namespace rfs {

// Called by the writer thread.
Result<> EntryStore::Impl::repair() {
  auto old = current();
  std::string notice;
  TRY_ASSIGN(auto fresh, store::reopen(old, database_options(), root, faults, notice));
  *database.lock() = fresh;
  if (!notice.empty())
    faults->notice(Error{Code::kBroken, notice, "what can be saved from it, sqlite3 .recover saves; else remove it"});
  return {};
}

EntryStore::EntryStore() = default;
EntryStore::~EntryStore() = default;

Result<std::unique_ptr<EntryStore>> EntryStore::open(StoreOptions options, const RootKey& root, const Clock& clock,
                                                     Counters& counters, ErrorRing& errors, std::string& notice) {
  std::unique_ptr<EntryStore> self(new EntryStore);
  self->impl_ = std::make_unique<Impl>(std::move(options), root.bytes.clone(), clock, counters, errors);
  Impl* impl = self->impl_.get();
  auto opened = store::Database::open(impl->database_options(), impl->root, nullptr, impl->faults, notice);
  if (!opened) return fail(std::move(opened.error()));
  if (!notice.empty()) impl->faults->notice(Error{Code::kBroken, notice, ""});
  *impl->database.lock() = *opened;
  if (!(*opened)->read_only())
    impl->writer = std::make_unique<store::Writer>(
        store::Writer::Hooks{[impl] { return impl->current(); }, [impl] { return impl->repair(); }},
        store::Limits{impl->options.max_bytes, impl->options.max_entries}, clock, counters, impl->faults);
  return self;
}

Result<EntryPtr> EntryStore::find(const EntryKey& key) {
  if (impl_->writer) {
    if (auto queued = impl_->writer->queued(key)) return *queued ? store::as_found(**queued) : nullptr;
  }
  auto database = impl_->current();
  std::int64_t used_ms = 0;
  auto found = impl_->noted(store::find_entry(database, key, used_ms));
  // Exact to a minute: a read must not cost a write.
  constexpr std::int64_t kExact = 60'000;
  if (found && *found && impl_->writer && std::abs(impl_->now_ms() - used_ms) >= kExact)
    impl_->writer->touch(store::entry_id(database->ring(), key), impl_->now_ms());
  return found;
}

Result<> EntryStore::put(const EntryPtr& entry) {
  TRY_ASSIGN(store::Writer * writer, impl_->writing());
  return writer->put(entry);
}

Result<> EntryStore::update(const EntryPtr& entry) {
  TRY_ASSIGN(store::Writer * writer, impl_->writing());
  return writer->update(entry);
}

Result<> EntryStore::remove(const EntryKey& key) {
  TRY_ASSIGN(store::Writer * writer, impl_->writing());
  return writer->remove(key);
}

Result<> EntryStore::put_now(const EntryPtr& entry, bool sync) {
  TRY_ASSIGN(store::Writer * writer, impl_->writing());
  return writer->put_now(entry, sync);
}

Result<std::unique_ptr<store::BodyDraft>> EntryStore::draft_body() {
  TRY(impl_->writing());
  return std::make_unique<store::BodyDraft>(impl_->current());
}

Result<> EntryStore::flush(bool sync) {
  if (!impl_->writer) return {};
  return impl_->writer->flush(sync);
}

Result<std::vector<Listed>> EntryStore::list(Space space, const std::string& partition, const std::string& cls,
                                             const std::string& directory) {
  EntryKey scope;
  scope.space = space;
  scope.partition = partition;
  scope.cls = cls;
  // What is queued is looked at first: what is committed in between is then seen twice, not missed.
  auto queued = impl_->writer ? impl_->writer->all_queued() : std::vector<store::Writer::Queued>();
  auto listing = impl_->noted(store::list_directory(impl_->current(), scope, directory));
  if (!listing) return fail(std::move(listing.error()));
  for (const auto& [key, entry] : queued)
    if (key.space == space && key.partition == partition && key.cls == cls)
      store::overlay_listing(*listing, directory, key, entry);
  std::vector<Listed> names;
  names.reserve(listing->size());
  for (auto& [name, listed] : *listing) names.push_back(std::move(listed));
  return names;
}

Result<> EntryStore::each(Space space, const std::string* partition, const std::function<bool(const Entry&)>& visit) {
  // A failure to write shows in trouble(); what is in the database can be visited all the same.
  (void)flush(false);
  auto database = impl_->current();
  for (std::int64_t after = 0;;) {
    auto page = impl_->noted(store::next_entries(database, space, after));
    if (!page) return fail(std::move(page.error()));
    if (page->last) return {};
    after = page->after;
    for (const EntryPtr& entry : page->entries)
      if ((!partition || entry->key.partition == *partition) && !visit(*entry)) return {};
  }
}

Result<std::uint64_t> EntryStore::clear(Space space) {
  TRY_ASSIGN(store::Writer * writer, impl_->writing());
  return writer->clear(space);
}

Digest EntryStore::partition_hash(BytesView text) const {
  return hmac_sha256(impl_->current()->ring().partition_key().reveal(), text);
}

bool EntryStore::changed_by_others() {
  auto database = impl_->current();
  if (impl_->writer && database->replaced()) impl_->writer->wake();
  return database->changed_by_others();
}

Result<std::string> EntryStore::get_value(const std::string& name) {
  return impl_->noted(store::find_value(*impl_->current(), name));
}

Result<> EntryStore::set_value(const std::string& name, const std::string& value) {
  TRY_ASSIGN(store::Writer * writer, impl_->writing());
  return writer->set_value(name, value);
}

EntryStore::Usage EntryStore::usage() {
  auto database = impl_->current();
  Usage usage;
  usage.read_only = database->read_only();
  auto totals = impl_->noted(store::find_totals(*database));
  if (!totals) return usage;
  usage.entries = static_cast<std::uint64_t>(totals->entries);
  usage.bytes = static_cast<std::uint64_t>(totals->bytes);
  usage.bodies = static_cast<std::uint64_t>(totals->bodies);
  return usage;
}

Result<EntryStore::Usage> EntryStore::look(const std::string& directory, const RootKey& root,
                                                 const DbWords& words) {
  store::Database::Options options;
  options.directory = directory;
  options.read_only = true;
  options.words = words;
  std::string notice;
  TRY_ASSIGN(const auto database, store::Database::open(options, root.bytes, nullptr, nullptr, notice));
  TRY_ASSIGN(const auto totals, store::find_totals(*database));
  return Usage{static_cast<std::uint64_t>(totals.entries), static_cast<std::uint64_t>(totals.bytes),
               static_cast<std::uint64_t>(totals.bodies), true};
}

Result<std::vector<std::string>> EntryStore::check(bool records) {
  return store::check_database(impl_->current(), records);
}

std::string EntryStore::trouble() {
  auto error = impl_->faults->trouble();
  return error ? error->message : std::string();
}

const std::string& EntryStore::directory() const { return impl_->options.directory; }

}  // namespace rfs
