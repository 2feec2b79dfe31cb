// Changes: the line that says what is about to be done, synced; the commit; the line that says that it was done.
#include <algorithm>
#include <cmath>

#include "backends/secrets/credential_change.h"
#include "backends/secrets/vault_impl.h"

namespace rfs {

namespace {

auto not_there() { return fail(Code::kNotFound, "there is no credential of that name in that scope"); }

Result<std::uint64_t> ttl_ms(double seconds) {
  if (!(seconds > 0) || seconds > Vault::kLongestTtl)
    return fail(Code::kInvalid, "the TTL is not above zero and at most ten years",
                "seconds, or with a unit: 10s, 5m, 24h; leave it out for a credential without an end");
  return static_cast<std::uint64_t>(std::max(1.0, std::round(seconds * 1000)));
}

Result<> check_new(const Scope& scope, const std::string& name, std::size_t size, const Vault::Put& how) {
  TRY(check_credential_name(name));
  TRY(check_scope(scope));
  if (size > Vault::kMaxValue)
    return fail(Code::kTooLarge, "the value is over 1 MiB", "keep large things in a file, and its key here");
  if (how.ttl < 0) return {};
  TRY(ttl_ms(how.ttl));
  return {};
}

}  // namespace

Result<> Vault::Impl::change(const std::string& name, const Scope* scope, const Accessor& who,
                             const std::function<Result<>(secrets::Change&)>& body) {
  // `body` writes to the log while the database is locked: so its line and the decision that it tells of are about the
  // same state, and the log's generation is the committed one.
  bool told = false;
  auto changed = store->change([&](secrets::Change& change) -> Result<> {
    TRY(body(change));
    told = true;
    stamp(change);
    return {};
  });
  if (!changed) {
    faults.write_failed(changed.error());
    // The log says that it would be done.
    if (told) (void)line(AuditAction::kError, name, scope, "not_committed", who);
    return changed;
  }
  faults.write_succeeded();
  return line(AuditAction::kCommitted, name, scope, "", who);
}

Result<secrets::FactsPtr> Vault::Impl::stage(secrets::Change& change, const Scope& scope, const std::string& name,
                                             const SecretBytes& value, const Put& how, std::uint64_t now,
                                             bool& rotates) {
  rotates = change.has(scope, name);
  if (!rotates && how.must_exist) return not_there();
  auto found = change.find(scope, name);
  // A damaged one is replaced: that is its repair.
  if (!found && found.error().code != Code::kTampered) return fail(std::move(found.error()));
  const secrets::FactsPtr old = found ? *found : nullptr;
  std::optional<std::uint64_t> ttl;
  if (!(how.ttl < 0)) {
    TRY_ASSIGN(ttl, ttl_ms(how.ttl));
  }
  secrets::Facts facts;
  facts.scope = scope;
  facts.name = name;
  facts.created = now;
  // The same moment twice would make two values look like one.
  if (old && facts.created <= old->created) facts.created = old->created + 1;
  facts.ttl = ttl.value_or(old ? old->ttl : 0);
  facts.not_after = facts.ttl ? now + facts.ttl : 0;
  facts.allow_untrusted = how.allow_untrusted.value_or(old && old->allow_untrusted);
  return change.put(std::move(facts), value);
}

Result<CredentialInfo> Vault::put(const Scope& scope, const std::string& name, const SecretBytes& value, const Put& how,
                                  const Accessor& who) {
  TRY(check_new(scope, name, value.size(), how));
  const std::uint64_t now = impl_->now();
  secrets::FactsPtr fresh;
  bool rotates = false;
  TRY(impl_->change(name, &scope, who, [&](secrets::Change& change) -> Result<> {
    TRY_ASSIGN(fresh, impl_->stage(change, scope, name, value, how, now, rotates));
    return impl_->line(rotates ? AuditAction::kRotate : AuditAction::kStore, name, &scope, "", who);
  }));
  ++(rotates ? impl_->rotated : impl_->stored);
  impl_->faults.renewed(scope_text(scope) + "/" + name);
  return impl_->info(*fresh);
}

Result<> Vault::put_all(std::span<const New> all, const Accessor& who) {
  const auto about = [](const New& one, Error error) {
    error.message = "credential " + one.name + ": " + error.message;
    return fail(std::move(error));
  };
  for (const New& one : all)
    if (auto good = check_new(one.scope, one.name, one.value.size(), one.how); !good) return about(one, good.error());
  const std::uint64_t now = impl_->now();
  std::uint64_t rotated = 0;
  TRY(impl_->change("", nullptr, who, [&](secrets::Change& change) -> Result<> {
    std::vector<AuditEvent> lines;
    lines.reserve(all.size());
    rotated = 0;
    for (const New& one : all) {
      bool rotates = false;
      auto fresh = impl_->stage(change, one.scope, one.name, SecretBytes::copy_of(one.value), one.how, now, rotates);
      if (!fresh) return about(one, fresh.error());
      rotated += rotates ? 1 : 0;
      lines.push_back(
          impl_->event(rotates ? AuditAction::kRotate : AuditAction::kStore, one.name, &one.scope, "", who));
    }
    return impl_->audit->append_all(lines);
  }));
  impl_->rotated += rotated;
  impl_->stored += all.size() - rotated;
  for (const New& one : all) impl_->faults.renewed(scope_text(one.scope) + "/" + one.name);
  return {};
}

Result<> Vault::set_ttl(const Scope& scope, const std::string& name, double seconds, const Accessor& who) {
  TRY(check_credential_name(name));
  TRY(check_scope(scope));
  TRY_ASSIGN(const std::uint64_t ttl, ttl_ms(seconds));
  const std::uint64_t now = impl_->now();
  return impl_->change(name, &scope, who, [&](secrets::Change& change) -> Result<> {
    TRY_ASSIGN(auto found, change.read(scope, name));
    if (!found || impl_->is_expired(*found->facts)) return not_there();
    TRY(impl_->line(AuditAction::kStore, name, &scope, "ttl", who));
    secrets::Facts facts = *found->facts;
    facts.ttl = ttl;
    facts.not_after = now + ttl;
    TRY(change.put(std::move(facts), found->value));
    return {};
  });
}

Result<> Vault::remove(const Scope& scope, const std::string& name, const Accessor& who) {
  TRY(check_credential_name(name));
  TRY(check_scope(scope));
  return impl_->change(name, &scope, who, [&](secrets::Change& change) -> Result<> {
    if (!change.has(scope, name)) return not_there();
    TRY(impl_->line(AuditAction::kDelete, name, &scope, "", who));
    return change.remove(scope, name);
  });
}

Result<std::uint64_t> Vault::cleanup(const Accessor& who) {
  TRY_ASSIGN(auto listing, impl_->store->list_all());
  std::erase_if(listing.rows, [&](const auto& facts) { return !impl_->is_expired(*facts); });
  if (listing.rows.empty()) return 0;
  std::uint64_t removed = 0;
  auto done = impl_->change("", nullptr, who, [&](secrets::Change& change) -> Result<> {
    for (const auto& seen : listing.rows) {
      TRY_ASSIGN(const auto facts, change.find(seen->scope, seen->name));
      if (!facts || !impl_->is_expired(*facts)) continue;  // rotated or removed meanwhile
      TRY(impl_->line(AuditAction::kCleanup, facts->name, &facts->scope, "expired", who));
      TRY(change.remove(facts->scope, facts->name));
      ++removed;
    }
    return {};
  });
  TRY(std::move(done));
  return removed;
}

Result<> Vault::rekey(const std::function<void(std::uint64_t, std::uint64_t)>& progress, const Accessor& who) {
  TRY(impl_->line(AuditAction::kRotate, "", nullptr, "rekey", who));
  TRY(impl_->store->rekey(
      impl_->clock.wall(), [&](secrets::Change& change) { impl_->stamp(change); }, progress));
  return impl_->line(AuditAction::kCommitted, "", nullptr, "rekey", who);
}

Result<> Vault::rekey_root(const RootKey& next, const Accessor& who) {
  return impl_->change("", nullptr, who, [&](secrets::Change& change) -> Result<> {
    TRY(impl_->line(AuditAction::kRotate, "", nullptr, "rekey_root", who));
    return change.add_ring(next.bytes);
  });
}

}  // namespace rfs
