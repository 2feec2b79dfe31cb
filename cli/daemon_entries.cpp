// .runnerfs/entries: where a store in memory hands its entries to `runnerfs snapshot` of the same user, and takes in what
// that restored. A store on disk is opened by the command itself.
#include <sys/mman.h>
#include <unistd.h>

#include "backends/actions/snapshot.h"
#include "base/fd.h"
#include "cli/daemon.h"

namespace rfs {
namespace {

bool go_on(std::uint64_t, std::uint64_t) { return true; }

Result<std::string> entries_text(const EntrySource& source, const Routes& routes, const TravelRules& rules) {
  const Fd file(::memfd_create("runnerfs-entries", MFD_CLOEXEC));
  if (!file) return fail_errno(errno, "memory for a snapshot");
  Travel travel(rules, routes);
  TRY_ASSIGN(const Saved saved, save_snapshot(source, travel, file.get(), SnapshotHead{}, nullptr, rules.now, go_on));
  std::string out(saved.size, '\0');
  if (::pread(file.get(), out.data(), out.size(), 0) != static_cast<ssize_t>(out.size()))
    return fail_errno(errno, "memory for a snapshot");
  return out;
}

Result<> take_entries(DiskTier& store, const ScanTaker& scans, std::string_view content, std::uint64_t body_most,
                      double now) {
  std::size_t at = 0;
  const auto source = [&](MutableBytes out) -> Result<std::size_t> {
    const std::size_t n = std::min(out.size(), content.size() - at);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
    at += n;
    return n;
  };
  TRY_ASSIGN(SnapshotReader reader, SnapshotReader::open(source, body_most));
  if (reader.head().sealed) return fail(Code::kInvalid, "sealed entries are opened by `runnerfs snapshot`");
  TRY(reader.begin(nullptr));
  TRY_ASSIGN(const Restored restored, restore_snapshot(reader, true, store, scans, now, go_on));
  if (restored.ended) return fail(*restored.ended);
  return {};
}

}  // namespace

EntrySource Daemon::travelling() {
  return [this](const std::function<bool(const Entry&)>& visit) -> Result<> {
    bool going = true;
    TRY(store_source(*store_)([&](const Entry& entry) { return going = visit(entry); }));
    if (going) TRY(scans_->each_travelling(visit));
    return {};
  };
}

void Daemon::add_entries() {
  if (on_disk_) return;
  InfoTree::Exchange exchange;
  exchange.owner = served_.uid;
  exchange.make = [this](Reply<FilePtr> reply) {
    pool_->submit([this, kept = std::move(reply).share()] {
      TravelRules rules;
      // All of it is this job's: the store ends with the daemon.
      rules.chosen = rules.sealed = true;
      rules.now = clock_.wall();
      rules.body_most = settings_.max_object_size;
      auto text = entries_text(travelling(), *routes_, rules);
      if (!text) return (*kept)(fail(std::move(text.error())));
      (*kept)(text_file(std::move(*text), clock_.wall(), true));
    });
  };
  exchange.take = [this](std::string content, Reply<FilePtr> reply) {
    pool_->submit([this, content = std::move(content), kept = std::move(reply).share()] {
      // Who hands them on is this daemon's own user, and has taken their way into account.
      const ScanTaker scans = scans_->taker("default", "");
      if (auto taken = take_entries(*store_, scans, content, settings_.max_object_size, clock_.wall()); !taken)
        return (*kept)(fail(std::move(taken.error())));
      memory_->doubt_all();
      (*kept)(FilePtr());
    });
  };
  info_.add_exchange("entries", std::move(exchange));
}

}  // namespace rfs
