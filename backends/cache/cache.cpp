#include "backends/cache/cache.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "backends/cache/cache_impl.h"
#include "backends/cache/operations.h"
#include "backends/cache/provenance.h"
#include "backends/cache/validation.h"
#include "backends/glob.h"
#include "base/json.h"
#include "crypto/hash.h"

namespace rfs {
EntryPtr Cache::Impl::live(const EntryKey& at) {
  EntryPtr entry = local.find(at);
  if (!entry || !cache_expired(*entry, clock.wall())) return entry;
  std::lock_guard lock(change(at.canonical));
  return live_locked(at);
}

EntryPtr Cache::Impl::live_locked(const EntryKey& at) {
  EntryPtr entry = local.find(at);
  if (!entry || !cache_expired(*entry, clock.wall())) return entry;
  (void)local.remove(at);
  counters.add(Counter::kExpirations);
  return nullptr;
}

Result<EntryPtr> Cache::Impl::make(const EntryKey& at, std::string document, int ttl) {
  Provenance provenance;
  provenance.operation = std::string(operation_of(at.canonical));
  provenance.ttl = ttl;
  auto parsed = [&]() -> Result<> {
    if (!has_validation_fields(provenance.operation)) return check_json(document);
    TRY_ASSIGN(nlohmann::json json, parse_json(document));
    provenance.validation_fields = validation_fields(provenance.operation, json);
    return {};
  }();
  if (!parsed) {
    Error& error = parsed.error();
    return fail(error.code, fmt::format("cache/{}: {}", at.name, error.message), "write one whole JSON document",
                error.position);
  }
  if (!provenance.validation_fields.empty()) provenance.content_hash = content_hash(provenance.validation_fields);

  auto entry = std::make_shared<Entry>();
  entry->key = at;
  Meta& meta = entry->meta;
  meta.fetched_at = meta.validated_at = clock.wall();
  meta.expires_at = meta.fetched_at + ttl;
  meta.proof = Proof::kLocal;
  meta.provenance = provenance_json(provenance, meta.fetched_at);
  entry->sha256 = sha256(view(document));
  entry->body = std::make_shared<MemoryBody>(std::move(document));
  entry->found = Source::kMemory;
  return EntryPtr(entry);
}

Cache::Cache(CacheOptions options, MemoryTier& memory, DiskTier* store, const Clock& clock, Counters& counters,
             ErrorRing& errors)
    : impl_(std::make_shared<Impl>(std::move(options), memory, store, clock, counters, errors)) {}

std::vector<std::string> Cache::resting() const { return impl_->local.resting(); }

int Cache::ttl_of(std::string_view key) const {
  const std::string_view operation = operation_of(key);
  for (const auto& [name, seconds] : impl_->options.operation_ttls)
    if (name == operation) return seconds;
  return operation_ttl(operation).value_or(impl_->options.default_ttl);
}

Result<EntryPtr> Cache::find(const std::string& key, bool count) {
  TRY_ASSIGN(EntryKey at, cache_entry_key(key));
  EntryPtr entry = impl_->live(at);
  if (!count) return entry;
  Counters& counters = impl_->counters;
  if (!entry) {
    counters.add(Counter::kMisses);
    return entry;
  }
  // The first reader of what a peer sent is answered by that peer; later ones find it here.
  const bool of_peer = entry->found == Source::kPeer;
  entry = impl_->local.given(entry);
  counters.add(Counter::kHits);
  if (of_peer) {
    counters.add(Counter::kPeerHits);
    counters.add(Counter::kApiCallsSaved);
    return entry;
  }
  counters.add(Counter::kLocalHits);
  counters.add(entry->found == Source::kDisk ? Counter::kDiskHits : Counter::kMemoryHits);
  counters.add(Counter::kApiCallsSaved);
  return entry;
}

Result<EntryPtr> Cache::put(const std::string& key, std::string document, int ttl, bool sync) {
  TRY_ASSIGN(EntryKey at, cache_entry_key(key));
  if (document.size() > impl_->options.max_document)
    return fail(Code::kTooLarge,
                fmt::format("cache/{}: a document over {} bytes", at.name, impl_->options.max_document),
                "raise max_object_size, or store less");
  TRY_ASSIGN(EntryPtr entry, impl_->make(at, std::move(document), ttl < 0 ? ttl_of(key) : ttl));
  {
    std::lock_guard lock(impl_->change(key));
    if (auto stored = impl_->local.put_now(entry, sync); !stored) {
      // A close that succeeded has stored; what only memory holds would be gone with the daemon.
      Error error = std::move(stored.error());
      error.message = fmt::format("cache/{}: {}", at.name, error.message);
      return fail(std::move(error));
    }
  }
  if (impl_->told) impl_->told(entry);
  return entry;
}

Result<std::uint64_t> Cache::remove(const std::string& key_or_pattern) {
  std::vector<EntryKey> keys;
  // A key may hold a * itself: rm of that file is not a pattern's business.
  auto exact = cache_entry_key(key_or_pattern);
  if (exact && impl_->live(*exact)) {
    keys.push_back(std::move(*exact));
  } else if (is_pattern(key_or_pattern)) {
    impl_->local.each(Space::kCache, [&](const Entry& entry) {
      const EntryKey& at = entry.key;
      // As the key is spelled, or as its file is named.
      if (matches_pattern(key_or_pattern, at.canonical) || matches_pattern(key_or_pattern, at.name)) keys.push_back(at);
    });
  } else if (!exact) {
    return fail(std::move(exact.error()));
  }
  Result<> worst;
  for (const EntryKey& at : keys) {
    std::lock_guard lock(impl_->change(at.canonical));
    if (auto removed = impl_->local.remove(at); !removed) worst = std::move(removed);
  }
  if (worst) worst = impl_->local.removed(keys);
  impl_->counters.add(Counter::kInvalidations, keys.size());
  if (!worst) return fail(std::move(worst.error()));
  return keys.size();
}

Result<bool> Cache::validate(const std::string& key, std::string_view fields) {
  TRY_ASSIGN(EntryKey at, cache_entry_key(key));
  TRY_ASSIGN(std::string current, canonical_fields(fields));
  std::lock_guard lock(impl_->change(key));
  EntryPtr entry = impl_->live_locked(at);
  if (!entry) return fail(Code::kNotFound, fmt::format("cache/{}: no such entry", at.name));
  const std::string declared = provenance_of(*entry).content_hash;
  // Without a hash the TTL alone decides.
  if (declared.empty() || content_hash_is(declared, current)) return true;
  (void)impl_->local.remove(at);  // not answered any longer, whatever the disk says
  impl_->counters.add(Counter::kExpirations);
  return false;
}

Result<> Cache::set_ttl(const std::string& key, int seconds) {
  TRY_ASSIGN(EntryKey at, cache_entry_key(key));
  if (seconds < 0) return fail(Code::kInvalid, "a TTL below zero", "seconds, or with a unit: 10s, 5m, 24h");
  std::lock_guard lock(impl_->change(key));
  EntryPtr old = impl_->live_locked(at);
  if (!old) return fail(Code::kNotFound, fmt::format("cache/{}: no such entry", at.name));
  auto entry = std::make_shared<Entry>(*old);
  Provenance provenance = provenance_of(*old);
  provenance.ttl = seconds;
  entry->meta.expires_at = entry->meta.fetched_at + seconds;
  entry->meta.provenance = provenance_json(provenance, entry->meta.fetched_at);
  impl_->local.update(entry);
  return {};
}

Result<std::vector<Listed>> Cache::list() {
  const double now = impl_->clock.wall();
  std::vector<Listed> out = impl_->local.list(Space::kCache, "", "", "");
  std::erase_if(out, [&](const Listed& one) { return now > one.expires || one.mtime > now + kCacheClockSlack; });
  return out;
}

}  // namespace rfs
