// Who may read what. Every way out of a read of a value has its audit line.
#include <algorithm>
#include <map>

#include "backends/secrets/vault_impl.h"

namespace rfs {

namespace {

// A name is looked for in so many scopes of others before it counts as one that nobody has.
constexpr std::size_t kForeignMost = 1'000;

auto no_such() { return fail(Code::kNotFound, "there is no credential of that name for this mount"); }

auto over() {
  return fail(Code::kNotFound, "the credential has expired", "store a new value; runnerfs secret cleanup removes it");
}

std::vector<CredentialInfo> sorted(std::map<std::string, CredentialInfo> by_name) {
  std::vector<CredentialInfo> out;
  for (auto& [name, info] : by_name) out.push_back(std::move(info));
  return out;
}

}  // namespace

Result<> check_scope(const Scope& scope) {
  const auto kind = static_cast<int>(scope.kind);
  if (kind < static_cast<int>(ScopeKind::kGlobal) || kind > static_cast<int>(ScopeKind::kRunner) ||
      scope.id.size() > 0xffff || scope.id.empty() != (scope.kind == ScopeKind::kGlobal))
    return fail(Code::kInvalid, "the scope of the credential is malformed", "global, repo, workflow or runner");
  return {};
}

tl::unexpected<Error> Vault::Impl::broken(const std::string& name, const Scope& scope, Error error,
                                          const Accessor& who) {
  const bool tampered = error.code == Code::kTampered;
  if (tampered)
    faults.spoiled(scope_text(scope) + "/" + name, "secrets/" + name, error);
  else
    faults.read_failed(error);
  return refused(AuditAction::kError, name, &scope, tampered ? "tampered" : std::string(to_word(error.code)), who,
                 fail(error));
}

Scope Vault::Impl::scope_of(const std::string& name) {
  const auto facts = store->first(readable, name);
  return facts && *facts ? (*facts)->scope : Scope();
}

Result<bool> Vault::Impl::is_elsewhere(const std::string& name) {
  TRY_ASSIGN(std::vector<Scope> scopes, store->scopes());
  std::erase_if(scopes, [&](const Scope& scope) { return is_readable(scope); });
  if (scopes.size() > kForeignMost) scopes.resize(kForeignMost);
  TRY_ASSIGN(const auto found, store->first(scopes, name));
  return found != nullptr;
}

Result<CredentialPtr> Vault::Impl::give(secrets::CredentialStore::Found found, const Accessor& who) {
  const secrets::Facts& now = *found.facts;
  const std::string& name = now.name;
  const Scope& scope = now.scope;
  if (is_expired(now)) {
    ++expired;
    return refused(AuditAction::kDenied, name, &scope, "expired", who, over());
  }
  if (context.untrusted && !now.allow_untrusted)
    return refused(AuditAction::kDenied, name, &scope, "untrusted_event", who,
                   fail(Code::kDenied, "this event gets no credentials: " + context.untrusted_why,
                        "GitHub gives it none either; store with --allow-untrusted what it may have"));
  if (options.require_mlock && !secret_locked())
    return broken(name, scope,
                  Error{Code::kUnsupported, "memory for the value cannot be locked, and --require-mlock is set",
                        "raise the limit of locked memory (ulimit -l)", -1},
                  who);
  TRY(line(AuditAction::kGranted, name, &scope, "", who));
  ++accessed;
  auto out = std::make_shared<Credential>();
  out->info = info(now);
  out->value = std::move(found.value);
  return CredentialPtr(std::move(out));
}

Result<CredentialPtr> Vault::open_effective(const std::string& name, const Accessor& who) {
  TRY(check_credential_name(name));
  auto found = impl_->store->read(impl_->readable, name);
  if (!found) return impl_->broken(name, impl_->scope_of(name), std::move(found.error()), who);
  if (*found) return impl_->give(std::move(**found), who);
  auto elsewhere = impl_->is_elsewhere(name);
  if (!elsewhere) return impl_->broken(name, {}, std::move(elsewhere.error()), who);
  if (!*elsewhere) return no_such();
  return impl_->refused(AuditAction::kDenied, name, nullptr, "scope_mismatch", who, no_such());
}

Result<CredentialPtr> Vault::open_scoped(const Scope& scope, const std::string& name, const Accessor& who) {
  TRY(check_credential_name(name));
  TRY(check_scope(scope));
  if (!impl_->is_readable(scope))
    return impl_->refused(
        AuditAction::kDenied, name, &scope, "scope_mismatch", who,
        fail(Code::kDenied, "the credential is for " + scope_text(scope) + ", which this mount is not",
             "the context of a mount is fixed by --repo, --workflow and --runner"));
  auto found = impl_->store->read(scope, name);
  if (!found) return impl_->broken(name, scope, std::move(found.error()), who);
  if (!*found) return no_such();
  return impl_->give(std::move(**found), who);
}

Result<> Vault::still_valid(const Credential& credential, const Accessor& who) {
  const CredentialInfo& info = credential.info;
  double not_after = info.not_after;
  // A TTL that was set since counts, while the value is still that one. A store that fails keeps nothing alive longer.
  if (auto found = impl_->store->find(info.scope, info.name); found && *found) {
    const auto& facts = **found;
    if (static_cast<double>(facts.created) / 1000 == info.created)
      not_after = static_cast<double>(facts.not_after) / 1000;
  }
  if (not_after == 0 || static_cast<double>(impl_->now()) / 1000 < not_after) return {};
  if (!credential.expiry_told.exchange(true)) {
    ++impl_->expired;
    (void)impl_->line(AuditAction::kDenied, info.name, &info.scope, "expired", who);
  }
  return fail(Code::kExpired, "the credential has expired while it was open", "open it again once it has a new value");
}

Result<std::vector<CredentialInfo>> Vault::list_effective() {
  std::map<std::string, CredentialInfo> by_name;
  std::map<std::string, bool> hidden;  // an expired narrow one uncovers nothing wider
  for (const Scope& scope : impl_->readable) {
    TRY_ASSIGN(const auto listing, impl_->store->list(scope));
    if (listing.damage) impl_->faults.read_failed(*listing.damage);
    for (const auto& facts : listing.rows) {
      if (by_name.count(facts->name) || hidden.count(facts->name)) continue;
      if (impl_->is_expired(*facts))
        hidden[facts->name] = true;
      else
        by_name.emplace(facts->name, impl_->info(*facts));
    }
  }
  return sorted(std::move(by_name));
}

Result<std::vector<CredentialInfo>> Vault::list_scope(const Scope& scope) {
  TRY(check_scope(scope));
  TRY_ASSIGN(const auto listing, impl_->store->list(scope));
  if (listing.damage) impl_->faults.read_failed(*listing.damage);
  std::map<std::string, CredentialInfo> by_name;
  for (const auto& facts : listing.rows)
    if (!impl_->is_expired(*facts)) by_name.emplace(facts->name, impl_->info(*facts));
  return sorted(std::move(by_name));
}

Result<std::vector<Scope>> Vault::scopes() { return impl_->store->scopes(); }

Result<CredentialInfo> Vault::find_effective(const std::string& name) {
  TRY(check_credential_name(name));
  TRY_ASSIGN(const auto facts, impl_->store->first(impl_->readable, name));
  if (!facts || impl_->is_expired(*facts)) return no_such();
  return impl_->info(*facts);
}

Result<CredentialInfo> Vault::find_scoped(const Scope& scope, const std::string& name) {
  TRY(check_credential_name(name));
  TRY(check_scope(scope));
  TRY_ASSIGN(const auto facts, impl_->store->find(scope, name));
  if (!facts || impl_->is_expired(*facts)) return no_such();
  return impl_->info(*facts);
}

Result<Scope> Vault::scope_to_write(const std::string& name) {
  TRY(check_credential_name(name));
  TRY_ASSIGN(const auto facts, impl_->store->first(impl_->readable, name));
  if (facts) return facts->scope;
  if (impl_->context.repository.empty()) return Scope{};
  return make_scope(ScopeKind::kRepo, {}, impl_->context);
}

}  // namespace rfs
