// New keys for a store that is in use: a new term of the key ring, the rows sealed again a few at a time, the old terms
// erased. What was interrupted goes on where the headers of the rows say.
#include <array>

#include "backends/secrets/credential_change.h"
#include "backends/store/opening.h"
#include "crypto/record.h"

namespace rfs::secrets {

namespace {

// So that others wait for milliseconds, and 100,000 rows do not need 100,000 syncs.
constexpr std::uint64_t kBatch = 64;

std::array<std::uint8_t, 4> big_endian(std::uint32_t term) {
  return {static_cast<std::uint8_t>(term >> 24), static_cast<std::uint8_t>(term >> 16),
          static_cast<std::uint8_t>(term >> 8), static_cast<std::uint8_t>(term)};
}

}  // namespace

Result<> Change::take_ring(std::unique_ptr<KeyRing> ring, Bytes record) {
  // The ring is sealed under the key of this process. Where another key is the store's by now, or is about to be, that
  // would lock its holder out.
  if (store::value_of(db_, "ring_next"))
    return fail(Code::kBusy, "a new root key of the credentials waits to be installed",
                "install it and open the store with it, then rekey");
  TRY_ASSIGN(const Bytes present, store::value_of(db_, "ring"));
  if (auto ours = KeyRing::open(store_.store_id, store_.root_key, present); !ours)
    return fail(Code::kNoKey, "the root key of the credentials was changed since this process opened them",
                "unmount and mount again, then rekey");
  TRY(store::replace_value(db_, "ring", record));
  ring_ = std::move(ring);
  ring_record_ = std::move(record);
  return {};
}

Result<> Change::next_term(double now) {
  Bytes record;
  TRY_ASSIGN(auto ring, ring_->next_term(store_.root_key, now, record));
  return take_ring(std::move(ring), std::move(record));
}

Result<bool> Change::erase_terms() {
  {
    auto stmt = db_.use("SELECT 1 FROM secret WHERE substr(rec, 9, 4) <> ? LIMIT 1");
    stmt.blob(big_endian(ring_->current_term()));
    TRY_ASSIGN(bool left, stmt.step());
    if (left) return false;
  }
  Bytes record;
  TRY_ASSIGN(auto ring, ring_->only_current_term(store_.root_key, record));
  TRY(take_ring(std::move(ring), std::move(record)));
  erases_ = true;
  return true;
}

Result<std::uint64_t> Change::reseal(std::optional<Digest>& after, std::uint64_t most) {
  struct Old {
    Digest id;
    IndexRow row;
    Bytes record;
  };
  std::vector<Old> rows;
  std::uint64_t seen = 0;
  const auto current = big_endian(ring_->current_term());
  {
    auto stmt = db_.use("SELECT id, parent, version, rec FROM secret WHERE id > ? ORDER BY id LIMIT ?");
    stmt.blob(after ? BytesView(*after) : BytesView()).integer(static_cast<std::int64_t>(most));
    for (;;) {
      TRY_ASSIGN(bool there, stmt.step());
      if (!there) break;
      Old old;
      TRY_ASSIGN(old.id, digest_of(stmt.blob_at(0)));
      TRY_ASSIGN(old.row, index_row(stmt.blob_at(1), stmt.integer_at(2), stmt.blob_at(3)));
      ++seen;
      after = old.id;
      const BytesView record = stmt.blob_at(3), term = record.subspan(8, 4);
      if (std::equal(term.begin(), term.end(), current.begin())) continue;
      old.record.assign(record.begin(), record.end());
      rows.push_back(std::move(old));
    }
  }
  for (Old& old : rows) {
    const auto must = row(old.id);
    if (!must || must->version != old.row.version || must->commit != old.row.commit || must->parent != old.row.parent)
      return fail(Code::kTampered, "a credential's row is not the one that was stored",
                  "remove it or store it again, then go on with runnerfs secret rekey");
    old.row.facts = must->facts;
    TRY_ASSIGN(const SecretBytes plaintext, open_secret_plaintext(*ring_, old.id, old.row.version, old.record));
    TRY_ASSIGN(const Bytes fresh, seal_secret_plaintext(*ring_, old.id, old.row.version, plaintext.reveal()));
    TRY(write(old.id, std::move(old.row), fresh));
  }
  return seen;
}

Result<> Change::add_ring(const SecretBytes& root) {
  TRY_ASSIGN(const Bytes present, store::value_of(db_, "ring"));
  if (auto ours = KeyRing::open(store_.store_id, store_.root_key, present); !ours) return fail(std::move(ours.error()));
  TRY_ASSIGN(Bytes record, ring_->seal_under(root));
  return store::replace_value(db_, "ring_next", record);
}

Result<> CredentialStore::rekey(double now, const std::function<void(Change&)>& stamp,
                                const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  TRY(change([&](Change& change) -> Result<> {
    stamp(change);
    // More than one term: an earlier rekey was interrupted, and this one ends it.
    return change.has_older_terms() ? Result<>() : change.next_term(now);
  }));
  for (bool erased = false; !erased;) {
    std::uint64_t done = 0, seen = 1;
    for (std::optional<Digest> after; seen > 0;) {
      auto batch = change([&](Change& change) -> Result<> {
        stamp(change);
        TRY_ASSIGN(seen, change.reseal(after, kBatch));
        return {};
      });
      TRY(std::move(batch));
      done += seen;
      if (progress && seen > 0) progress(done, root().count);
    }
    auto last = change([&](Change& change) -> Result<> {
      stamp(change);
      TRY_ASSIGN(erased, change.erase_terms());
      return {};
    });
    TRY(std::move(last));
  }
  return erase_old_pages();
}

}  // namespace rfs::secrets
