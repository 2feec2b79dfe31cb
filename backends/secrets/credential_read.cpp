// Reads of a CredentialStore. One statement is one snapshot: it answers the row together with ROOT, and a ROOT that is
// the one we know says that the index holds for this row.
#include <algorithm>

#include "backends/secrets/credential_store_impl.h"

namespace rfs::secrets {

namespace {

// A store that changes faster than it can be followed.
constexpr int kTries = 1'000;

auto too_busy() { return fail(Code::kBusy, "other processes change the credentials without a pause", "try again"); }

auto another_row() {
  return fail(Code::kTampered, "a credential's row is not the one that was stored",
              "something else than this program changed it: store the credential again");
}

// The first of them that is there; the last when none is.
Digest first_of(CredentialIndex& index, std::span<const Digest> ids) {
  const auto at = std::find_if(ids.begin(), ids.end(), [&](const Digest& id) { return index.find(id) != nullptr; });
  return at == ids.end() ? ids.back() : *at;
}

std::vector<Digest> ids_of(const KeyRing& ring, std::span<const Scope> scopes, const std::string& name) {
  std::vector<Digest> ids;
  for (const Scope& scope : scopes) ids.push_back(id_of(ring, scope, name));
  return ids;
}

bool same(const Bytes& known, BytesView seen) {
  return std::equal(known.begin(), known.end(), seen.begin(), seen.end());
}

}  // namespace

Result<std::optional<std::pair<Digest, IndexRow>>> CredentialStore::Impl::look(std::span<const Digest> ids) {
  TRY(still_there());
  TRY_ASSIGN(auto db, connections->read());
  for (int i = 0; i < kTries; ++i) {
    {
      auto stmt = db->use("SELECT value FROM meta WHERE name = 'root'");
      TRY_ASSIGN(bool row, stmt.step());
      if (!row) return another_row();
      auto now = state.lock();
      if (same(now->root_record, stmt.blob_at(0))) {
        for (const Digest& id : ids)
          if (const IndexRow* found = now->index.find(id)) return std::pair(id, *found);
        return std::nullopt;
      }
    }
    TRY(refresh(*db));
  }
  return too_busy();
}

Result<std::optional<CredentialStore::Found>> CredentialStore::Impl::read(std::span<const Digest> ids) {
  TRY(still_there());
  TRY_ASSIGN(auto db, connections->read());
  for (int i = 0; i < kTries; ++i) {
    const Digest id = first_of(state.lock()->index, ids);
    {
      auto stmt = db->use(
          "SELECT meta.value, secret.parent, secret.version, secret.rec FROM meta LEFT JOIN secret ON secret.id = ?1 "
          "WHERE meta.name = 'root'");
      stmt.blob(id);
      TRY_ASSIGN(bool answered, stmt.step());
      if (!answered) return another_row();
      std::shared_ptr<const KeyRing> ring;
      std::optional<IndexRow> must;
      {
        auto now = state.lock();
        if (same(now->root_record, stmt.blob_at(0))) {
          if (first_of(now->index, ids) != id) continue;  // another thread followed a change since we chose
          ring = now->ring;
          if (const IndexRow* row = now->index.find(id)) must = *row;
        }
      }
      if (ring) {
        const bool there = !stmt.null_at(3);
        if (!there && !must) return std::nullopt;
        if (!there || !must) return another_row();
        TRY_ASSIGN(const IndexRow is, index_row(stmt.blob_at(1), stmt.integer_at(2), stmt.blob_at(3)));
        if (is.version != must->version || is.commit != must->commit || is.parent != must->parent) return another_row();
        TRY_ASSIGN(Secret secret, open_secret(*ring, id, is.version, stmt.blob_at(3)));
        if (must->facts) return Found{must->facts, std::move(secret.value)};
        auto facts = std::make_shared<const Facts>(std::move(secret.facts));
        auto now = state.lock();
        if (IndexRow* row = now->index.find(id); row && row->commit == is.commit) row->facts = facts;
        return Found{std::move(facts), std::move(secret.value)};
      }
    }
    TRY(refresh(*db));
  }
  return too_busy();
}

Result<CredentialStore::Listing> CredentialStore::Impl::list(const std::vector<Digest>& ids) {
  Listing out;
  for (const Digest& id : ids) {
    FactsPtr facts;
    {
      auto now = state.lock();
      if (const IndexRow* row = now->index.find(id)) facts = row->facts;
    }
    if (!facts) {
      auto found = checked(read({&id, 1}));
      if (!found && found.error().code != Code::kTampered) return fail(std::move(found.error()));
      if (!found) {
        out.damage = std::move(found.error());
        continue;
      }
      if (!*found) continue;  // removed meanwhile
      facts = (*found)->facts;
    }
    out.rows.push_back(std::move(facts));
  }
  return out;
}

Result<FactsPtr> CredentialStore::first(std::span<const Scope> scopes, const std::string& name) {
  const auto ids = ids_of(*impl_->ring(), scopes, name);
  for (int i = 0; i < kTries; ++i) {
    TRY_ASSIGN(auto found, impl_->checked(impl_->look(ids)));
    if (!found) return FactsPtr();
    if (found->second.facts) return found->second.facts;
    TRY_ASSIGN(auto read, impl_->checked(impl_->read({&found->first, 1})));
    if (read) return read->facts;
  }
  return too_busy();
}

Result<std::optional<CredentialStore::Found>> CredentialStore::read(std::span<const Scope> scopes,
                                                                    const std::string& name) {
  return impl_->checked(impl_->read(ids_of(*impl_->ring(), scopes, name)));
}

Result<CredentialStore::Listing> CredentialStore::list(const Scope& scope) {
  TRY(impl_->checked(impl_->look({})));
  std::vector<Digest> ids;
  {
    auto now = impl_->state.lock();
    const auto& parents = now->index.parents();
    if (auto at = parents.find(parent_of(*now->ring, scope)); at != parents.end())
      ids.assign(at->second.begin(), at->second.end());
  }
  return impl_->list(ids);
}

Result<CredentialStore::Listing> CredentialStore::list_all() {
  TRY(impl_->checked(impl_->look({})));
  std::vector<Digest> ids;
  {
    auto now = impl_->state.lock();
    for (const auto& [id, row] : now->index.rows()) ids.push_back(id);
  }
  return impl_->list(ids);
}

Result<std::vector<Scope>> CredentialStore::scopes() {
  TRY(impl_->checked(impl_->look({})));
  // Any one of each scope tells; the next one where it is damaged.
  std::vector<std::vector<Digest>> places;
  {
    auto now = impl_->state.lock();
    for (const auto& [parent, ids] : now->index.parents()) {
      // One whose facts are known costs nothing.
      auto known = std::find_if(ids.begin(), ids.end(), [&](const Digest& id) { return now->index.find(id)->facts; });
      if (known != ids.end())
        places.push_back({*known});
      else
        places.emplace_back(ids.begin(), ids.end());
    }
  }
  std::vector<Scope> out;
  for (const auto& ids : places) {
    for (const Digest& id : ids) {
      TRY_ASSIGN(Listing one, impl_->list({id}));
      if (one.rows.empty()) continue;
      out.push_back(one.rows[0]->scope);
      break;
    }
  }
  return out;
}

}  // namespace rfs::secrets
