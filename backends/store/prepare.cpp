#include "backends/store/prepare.h"

#include <algorithm>
#include <cmath>

#include "backends/store/stored_body.h"

namespace rfs::store {

namespace {

std::int64_t to_ms(double seconds) {
  // A far future is a large number, not an overflow.
  constexpr double kMost = 9e15;
  return static_cast<std::int64_t>(std::clamp(seconds * 1000, 0.0, kMost));
}

MetaRecord facts_of(const Entry& entry) {
  MetaRecord record;
  record.key = entry.key;
  record.meta = entry.meta;
  record.raw_len = entry.body->size();
  record.sha256 = entry.sha256;
  return record;
}

}  // namespace

Preparer::~Preparer() {
  for (const Id16& id : files_) database_->objects()->remove(id);
}

void Preparer::committed() {
  files_.clear();
  for (const auto& draft : drafts_) draft->committed();
}

Result<PreparedEntry> Preparer::finish(const Entry& entry, MetaRecord record) {
  PreparedEntry prepared;
  prepared.key = entry.key;
  prepared.id = entry_id(database_->ring(), entry.key);
  prepared.expires_ms = to_ms(entry.meta.expires_at);
  if (record.body) prepared.body_id = record.body->id;
  TRY_ASSIGN(prepared.meta, seal_meta(database_->ring(), prepared.id, record));
  return prepared;
}

Result<PreparedEntry> Preparer::put(const Entry& entry) {
  MetaRecord record = facts_of(entry);
  if (record.raw_len <= kInlineMost) {
    TRY_ASSIGN(record.inline_body, read_all(*entry.body));
    // Caught here, not by a reader who would be told of tampering.
    if (record.inline_body->size() != record.raw_len) return fail(Code::kBroken, "a body is shorter than it said");
    return finish(entry, std::move(record));
  }
  if (record.raw_len > kBodyMost) return fail(Code::kTooLarge, "a body is too large for the cache");

  Digest digest = body_digest(database_->ring(), entry.sha256);
  if (auto drafted = std::dynamic_pointer_cast<const DraftedBody>(entry.body); drafted && drafted->is_of(*database_)) {
    record.body = drafted->sealed().ref;
    TRY_ASSIGN(PreparedEntry prepared, finish(entry, std::move(record)));
    prepared.keep = drafted;
    if (drafted->is_committed() || std::find(drafts_.begin(), drafts_.end(), drafted) != drafts_.end()) return prepared;
    prepared.digest = digest;
    prepared.fresh = drafted->sealed();
    drafts_.push_back(std::move(drafted));
    return prepared;
  }
  TRY_ASSIGN(std::optional<Held> held, find_held(entry, digest));
  if (held) {
    record.body = held->ref;
    TRY_ASSIGN(PreparedEntry prepared, finish(entry, std::move(record)));
    prepared.keep = held->keep;
    return prepared;
  }
  TRY_ASSIGN(SealedBody sealed, seal_body(*database_, *entry.body));
  if (sealed.ref.index) files_.push_back(sealed.ref.id);
  in_batch_[digest] = Held{sealed.ref, sealed.pin};
  record.body = sealed.ref;
  TRY_ASSIGN(PreparedEntry prepared, finish(entry, std::move(record)));
  prepared.digest = digest;
  prepared.keep = sealed.pin;
  prepared.fresh = std::move(sealed);
  return prepared;
}

Result<PreparedEntry> Preparer::update(const Entry& entry) {
  TRY_ASSIGN(std::optional<Bytes> sealed, read_meta(entry_id(database_->ring(), entry.key)));
  if (!sealed) return put(entry);
  auto old = open_meta(database_->ring(), entry_id(database_->ring(), entry.key), *sealed);
  if (!old || old->sha256 != entry.sha256 || old->raw_len != entry.body->size()) return put(entry);
  std::shared_ptr<const void> keep;
  if (old->body) {
    if (database_->faults().is_spoiled(StoredBody::record_name(old->body->id))) return put(entry);
    keep = database_->locks().pin(old->body->id);
  }
  MetaRecord record = std::move(*old);
  record.key = entry.key;
  record.meta = entry.meta;
  TRY_ASSIGN(PreparedEntry prepared, finish(entry, std::move(record)));
  prepared.keep = std::move(keep);
  return prepared;
}

Result<std::optional<Bytes>> Preparer::read_meta(const Digest& id) {
  TRY_ASSIGN(auto db, database_->connections().read());
  auto stmt = db->use("SELECT meta FROM entry WHERE id = ?");
  stmt.blob(id);
  TRY_ASSIGN(bool found, stmt.step());
  if (!found) return std::nullopt;
  BytesView meta = stmt.blob_at(0);
  return Bytes(meta.begin(), meta.end());
}

Result<std::optional<Preparer::Held>> Preparer::find_held(const Entry& entry, const Digest& digest) {
  if (auto* stored = dynamic_cast<const StoredBody*>(entry.body.get());
      stored && stored->is_of(*database_) && !stored->spoiled())
    return Held{stored->ref(), entry.body};
  if (auto at = in_batch_.find(digest); at != in_batch_.end()) return at->second;

  Digest other_id{};
  Bytes meta;
  {
    // Any entry that has it: its META holds the headers.
    TRY_ASSIGN(auto db, database_->connections().read());
    auto stmt = db->use(
        "SELECT entry.id, entry.meta FROM body JOIN entry ON entry.body_id = body.body_id "
        "WHERE body.digest = ? LIMIT 1");
    stmt.blob(digest);
    TRY_ASSIGN(bool found, stmt.step());
    if (!found || stmt.blob_at(0).size() != other_id.size()) return std::nullopt;
    BytesView id = stmt.blob_at(0), sealed = stmt.blob_at(1);
    std::copy(id.begin(), id.end(), other_id.begin());
    meta.assign(sealed.begin(), sealed.end());
  }
  auto other = open_meta(database_->ring(), other_id, meta);
  if (!other || !other->body || other->raw_len != entry.body->size()) return std::nullopt;
  auto body = std::make_shared<StoredBody>(database_, *other->body, other->raw_len, shown_path(other->key));
  // The column is not sealed, and the chunks may be damaged: only bytes that were read back are shared.
  if (body->spoiled() || !same_bytes(*body, *entry.body)) return std::nullopt;
  return Held{*other->body, body};
}

}  // namespace rfs::store
