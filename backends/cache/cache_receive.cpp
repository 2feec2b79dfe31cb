// What peers send to cache/, and what of ours they may want.
#include <algorithm>

#include "backends/cache/cache_impl.h"
#include "backends/cache/operations.h"
#include "backends/cache/provenance.h"
#include "crypto/hash.h"

namespace rfs {

Result<bool> Cache::receive(const CacheArrival& arrival) {
  TRY_ASSIGN(const EntryKey at, cache_entry_key(arrival.key));
  if (arrival.document.size() > impl_->options.max_document)
    return fail(Code::kTooLarge, "an entry of a peer that is larger than a document may be");
  Provenance provenance;
  provenance.operation = std::string(operation_of(arrival.key));
  provenance.ttl = std::max(arrival.ttl, 0);
  provenance.content_hash = arrival.content_hash;
  provenance.validation_fields = arrival.validation_fields;
  provenance.peer = arrival.peer;

  auto entry = std::make_shared<Entry>();
  entry->key = at;
  Meta& meta = entry->meta;
  meta.fetched_at = meta.validated_at = arrival.timestamp;
  meta.expires_at = arrival.timestamp + arrival.ttl;
  meta.proof = Proof::kSharedSecret;
  meta.source = Source::kPeer;
  meta.provenance = provenance_json(provenance, arrival.timestamp);
  entry->sha256 = sha256(view(arrival.document));
  entry->body = std::make_shared<MemoryBody>(arrival.document);
  entry->found = Source::kPeer;
  if (arrival.ttl < 0 || cache_expired(*entry, impl_->clock.wall()))
    return fail(Code::kExpired, "an entry of a peer whose time is over, or has not come");

  std::lock_guard lock(impl_->change(arrival.key));
  const EntryPtr ours = impl_->live_locked(at);
  if (ours && ours->meta.fetched_at >= arrival.timestamp) return false;
  impl_->local.put(entry);
  return true;
}

void Cache::on_put(std::function<void(const EntryPtr&)> told) { impl_->told = std::move(told); }
void Cache::on_absent(std::function<bool(const std::string& key)> ask) { impl_->absent = std::move(ask); }

Result<EntryPtr> Cache::look(const std::string& key) {
  auto found = find(key, false);
  if (!found || *found || !impl_->absent || !impl_->absent(key)) return found;
  return find(key, false);
}

std::vector<EntryPtr> Cache::recent(double seconds, std::size_t most) {
  const double now = impl_->clock.wall();
  std::vector<EntryPtr> out;
  impl_->local.each(Space::kCache, [&](const Entry& entry) {
    if (entry.meta.source == Source::kPeer || cache_expired(entry, now) || now - entry.meta.fetched_at > seconds) return;
    out.push_back(std::make_shared<Entry>(entry));
  });
  const auto newer = [](const EntryPtr& a, const EntryPtr& b) { return a->meta.fetched_at > b->meta.fetched_at; };
  std::sort(out.begin(), out.end(), newer);
  if (out.size() > most) out.resize(most);
  return out;
}

}  // namespace rfs
