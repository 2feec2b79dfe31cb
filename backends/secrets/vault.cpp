#include "backends/secrets/vault.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "backends/secrets/credential_change.h"
#include "backends/secrets/vault_impl.h"

namespace rfs {

namespace {

constexpr std::uint64_t kStepBackMs = 300'000, kHourMs = 3'600'000;
constexpr auto kTendEvery = std::chrono::seconds(60);

Accessor ourselves() { return {::geteuid(), ::getegid(), ::getpid(), {}}; }

std::uint64_t wall_ms(const Clock& clock) { return static_cast<std::uint64_t>(std::max(clock.wall(), 0.0) * 1000); }

}  // namespace

Vault::Impl::Impl(VaultOptions o, Context c, std::unique_ptr<AuditSink> a, const Clock& clk, Counters& counters,
                  ErrorRing& errors)
    : options(std::move(o)),
      context(std::move(c)),
      readable(readable_scopes(context)),
      audit(std::move(a)),
      clock(clk),
      faults(counters, errors) {}

Vault::Impl::~Impl() {
  {
    std::lock_guard lock(tending);
    ending = true;
  }
  wake.notify_all();
  if (tender.joinable()) tender.join();
}

Result<std::unique_ptr<Vault>> Vault::open_with(std::unique_ptr<AuditSink> audit, VaultOptions options, Context context,
                                                const RootKey& root, const Clock& clock, Counters& counters,
                                                ErrorRing& errors, std::string& notice) {
  std::unique_ptr<Vault> vault(new Vault);
  vault->impl_ =
      std::make_unique<Impl>(std::move(options), std::move(context), std::move(audit), clock, counters, errors);
  Impl& impl = *vault->impl_;
  if (impl.options.require_mlock) {
    const SecretBytes probe(4'096);
    if (!secret_locked())
      return fail(Code::kUnsupported, "memory for secrets cannot be locked, and --require-mlock is set",
                  "raise the limit of locked memory (ulimit -l), or leave --require-mlock out");
  }
  const bool memory = impl.options.isolation == Isolation::kJob;
  secrets::CredentialStore::Options how;
  how.directory = impl.options.directory;
  how.memory_only = memory;
  how.at_least = memory ? 0 : impl.audit->highest_generation();
  bool made = false;
  auto store = secrets::CredentialStore::open(how, root.bytes, clock.wall(), made);
  if (!store) {
    // Who asks later what happened finds it in the log; that it is refused does not depend on the line.
    if (store.error().code == Code::kTampered)
      (void)impl.line(AuditAction::kError, "", nullptr, "tampered", ourselves());
    return fail(std::move(store.error()));
  }
  impl.store = std::move(*store);
  if (made) notice = "a new credentials store was made in " + impl.options.directory;
  *impl.seen.lock() = {impl.store->root().clock_high_water, clock.steady(), false};
  if (!memory) impl.tender = std::thread([&impl] { impl.tend(); });
  return vault;
}

Vault::Vault() = default;
Vault::~Vault() = default;
const Context& Vault::context() const { return impl_->context; }
Isolation Vault::isolation() const { return impl_->options.isolation; }

std::uint64_t Vault::Impl::now() {
  const std::uint64_t wall = wall_ms(clock);
  const SteadyTime steady = clock.steady();
  std::uint64_t at = 0;
  bool tell = false;
  {
    auto latest = seen.lock();
    const auto passed = std::chrono::duration_cast<Millis>(steady - latest->steady).count();
    const std::uint64_t expected = latest->wall_ms + static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 0));
    if (wall + kStepBackMs >= expected) {
      at = wall;
      if (wall >= latest->wall_ms) *latest = {wall, steady, false};
    } else {
      at = expected;
      tell = !std::exchange(latest->told, true);
    }
  }
  if (tell) (void)line(AuditAction::kError, "", nullptr, "clock_stepped_back", ourselves());
  return at;
}

bool Vault::Impl::is_readable(const Scope& scope) const {
  return std::find(readable.begin(), readable.end(), scope) != readable.end();
}

CredentialInfo Vault::Impl::info(const secrets::Facts& facts) {
  CredentialInfo out;
  out.name = facts.name;
  out.scope = facts.scope;
  out.version = facts.version;
  out.created = static_cast<double>(facts.created) / 1000;
  out.not_after = static_cast<double>(facts.not_after) / 1000;
  out.ttl = static_cast<double>(facts.ttl) / 1000;
  out.size = facts.size;
  out.allow_untrusted = facts.allow_untrusted;
  out.readable = is_readable(facts.scope) && !is_expired(facts) && (!context.untrusted || facts.allow_untrusted);
  return out;
}

AuditEvent Vault::Impl::event(AuditAction action, const std::string& name, const Scope* scope, std::string reason,
                              const Accessor& who) const {
  AuditEvent event;
  event.action = action;
  event.credential = name;
  event.repo = context.repository;
  event.workflow = context.workflow_file.empty() ? context.workflow_name : context.workflow_file;
  event.runner_id = context.runner_id;
  if (scope) event.scope = scope_text(*scope);
  event.reason = std::move(reason);
  event.accessor = who;
  // A store in memory has generations of its own, and the log may be that of a store on disk too.
  event.generation = store && options.isolation == Isolation::kUser ? store->root().generation : 0;
  return event;
}

Result<> Vault::refuse(const std::string& name, const std::string& reason, const Accessor& who) {
  return impl_->line(AuditAction::kDenied, name, nullptr, reason, who);
}

Vault::State Vault::state() {
  State out;
  out.stored = impl_->stored;
  out.accessed = impl_->accessed;
  out.expired = impl_->expired;
  out.rotated = impl_->rotated;
  out.denied = impl_->denied;
  out.locked_memory = secret_locked();
  out.trouble = impl_->audit->trouble();
  out.audit = impl_->audit->head();
  auto all = impl_->store->list_all();
  if (!all) {
    if (out.trouble.empty()) out.trouble = all.error().message;
    return out;
  }
  for (const auto& facts : all->rows) ++(impl_->is_expired(*facts) ? out.expired_now : out.active);
  if (all->damage && out.trouble.empty()) out.trouble = all->damage->message;
  return out;
}

void Vault::Impl::stamp(secrets::Change& change) {
  const Audit::Head head = audit->head();
  change.stamp(now(), head.seq, head.mac);
}

void Vault::Impl::tend_if_due() {
  (void)store->erase_old_pages();
  const secrets::RootState root = store->root();
  if (audit->head().seq == root.audit_seq && now() < root.clock_high_water + kHourMs) return;
  // What fails here is tried again in a minute, and fails loudly at the next change.
  (void)store->change([&](secrets::Change& change) -> Result<> {
    stamp(change);
    return {};
  });
}

void Vault::Impl::tend() {
  std::unique_lock lock(tending);
  while (!wake.wait_for(lock, kTendEvery, [&] { return ending; })) {
    lock.unlock();
    tend_if_due();
    lock.lock();
  }
}

}  // namespace rfs
