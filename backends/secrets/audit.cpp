#include "backends/secrets/audit.h"

#include <atomic>

#include "backends/secrets/audit_denials.h"
#include "backends/secrets/audit_journal.h"
#include "backends/secrets/audit_line.h"
#include "backends/secrets/audit_pace.h"
#include "base/encode.h"
#include "base/log.h"

namespace rfs {
namespace {

using namespace audit;

bool waits_for_disk(AuditAction action) { return action != AuditAction::kGranted && action != AuditAction::kCommitted; }

// An access that has no line is refused, whatever the reason; a reader gets EIO.
tl::unexpected<Error> refused(const Error& error) {
  return fail(Code::kBroken, "the access is refused, as it cannot be audited: " + error.message,
              error.hint.empty() ? "see `runnerfs status`, and `runnerfs audit verify`" : error.hint);
}

}  // namespace

struct Audit::Impl {
  Impl(AuditOptions given, const Clock& time)
      : options(std::move(given)), clock(time), boot(boot_id()), head_told(time.steady()) {}

  Result<> write(const AuditEvent& event, std::uint64_t suppressed = 0) {
    const std::string details = details_of(event, suppressed);
    const Said said{action_word(event.action), event.credential, details, event.generation};
    TRY(journal->write(rest_of_line(said, event.accessor, clock.wall(), boot), event.generation));
    pace->written();
    return {};
  }

  bool tell_suppressed(bool last) {
    for (const auto& summary : denials.take(clock.steady(), last))
      if (auto told = write(summary.event, summary.suppressed); !told)
        log(Level::kError, "audit: {} denials have no line: {}", summary.suppressed, told.error().message);
    return denials.pending();
  }

  // An anchor outside of the log's directory, at most once a minute: the system's journal, in a daemon.
  void tell_head() {
    const SteadyTime now = clock.steady();
    if (now - head_told < std::chrono::seconds(60)) return;
    head_told = now;
    if (const auto head = journal->head()) log(Level::kInfo, "runnerfs audit head {} {}", head->seq, hex(head->mac));
  }

  audit::Head head() {
    const auto head = journal->head();
    return head ? *head : journal->known();
  }

  const AuditOptions options;
  const Clock& clock;
  const std::string boot;
  SecretBytes owner_key;
  SteadyTime head_told;  // the thread's
  Denials denials;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Pace> pace;  // its thread uses all of the above
};

Audit::Audit() = default;
Audit::~Audit() = default;

Result<std::unique_ptr<Audit>> Audit::open(AuditOptions options, const Clock& clock) {
  std::unique_ptr<Audit> audit(new Audit);
  audit->impl_ = std::make_unique<Impl>(std::move(options), clock);
  Impl& impl = *audit->impl_;
  TRY_ASSIGN(impl.journal, Journal::open({impl.options.directory, impl.options.rotate_at}, clock, impl.owner_key));
  impl.pace = std::make_unique<Pace>(
      *impl.journal, [&impl](bool last) { return impl.tell_suppressed(last); }, [&impl] { impl.tell_head(); });
  return audit;
}

SecretBytes Audit::take_owner_key() { return std::move(impl_->owner_key); }

Result<> Audit::append(const AuditEvent& event) {
  if (const std::string poison = impl_->pace->poison(); !poison.empty())
    return refused({Code::kBroken, poison, "look at the disk, then restart runnerfs"});
  if (event.action == AuditAction::kDenied && !impl_->denials.admit(event, impl_->clock.steady())) {
    impl_->pace->wake();
    return {};
  }
  if (auto written = impl_->write(event); !written) return refused(written.error());
  if (!impl_->options.sync_always && !waits_for_disk(event.action)) return {};
  if (auto synced = impl_->pace->sync(); !synced) return refused(synced.error());
  return {};
}

Result<> Audit::append_all(std::span<const AuditEvent> events) {
  if (const std::string poison = impl_->pace->poison(); !poison.empty())
    return refused({Code::kBroken, poison, "look at the disk, then restart runnerfs"});
  for (const AuditEvent& event : events)
    if (auto written = impl_->write(event); !written) return refused(written.error());
  if (auto synced = impl_->pace->sync(); !synced) return refused(synced.error());
  return {};
}

std::uint64_t Audit::highest_generation() const { return impl_->head().generation; }

std::string Audit::trouble() {
  if (std::string poison = impl_->pace->poison(); !poison.empty()) return poison;
  const auto head = impl_->journal->head();
  return head ? "" : head.error().message;
}

Audit::Head Audit::head() {
  const audit::Head head = impl_->head();
  return {head.seq, head.mac};
}

}  // namespace rfs
