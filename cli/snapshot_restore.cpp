#include <fmt/format.h>

#include "backends/codeql/trust.h"
#include "base/json.h"
#include "cli/message.h"
#include "cli/snapshot.h"
#include "cli/snapshot_last.h"
#include "cli/snapshot_store.h"

namespace rfs {
namespace {

Error not_authentic(const Error& why) {
  return {Code::kTampered, why.message,
          "it was saved under another fleet secret (CACHE_P2P_SHARED_SECRET), or was changed; the next save replaces it",
          -1};
}

// An old snapshot under a new name is one that somebody put there.
bool replayed(const FoundSnapshot& found, const SnapshotReader& reader) {
  const auto name = parse_snapshot_name(found.name);
  return reader.head().sealed && name && static_cast<double>(name->created) != reader.created();
}

struct RestoreWork {
  const Given& given;
  const SnapshotOutcome& outcome;
  Reach& reach;
  const SnapshotJob& job;
  SnapshotPlace& place;

  int run();
  int take(const FoundSnapshot& found, SnapshotReader& reader, SnapshotStore& store);
};

int RestoreWork::run() {
  auto store = SnapshotStore::open(reach);
  if (!store) return store.error().code == Code::kUnsupported ? outcome.without(store.error()) : report(store.error());
  SnapshotWish wish{job.repository, job.repository == job.name ? "" : job.name, job.branch, job.key.has_value()};
  auto found = place.find(wish);
  if (!found && found.error().code == Code::kNotFound) return outcome.skipped(found.error());
  if (!found) return outcome.without(found.error());
  auto reader = SnapshotReader::open(found->source, reach.settings().max_object_size);
  if (!reader) return outcome.without(reader.error());
  const std::string& owner = reader->head().repository;
  if (owner != wish.repository && (wish.other_name.empty() || owner != wish.other_name))
    return outcome.without({Code::kDenied, "the snapshot belongs to another repository", "the next save replaces it", -1});
  auto begun = reader->begin(job.key ? &*job.key : nullptr, job.previous_key ? &*job.previous_key : nullptr);
  if (!begun && begun.error().code == Code::kTampered) {
    (*store)->count_tampered();
    return outcome.without(not_authentic(begun.error()));
  }
  if (!begun) return outcome.without(begun.error());
  if (replayed(*found, *reader)) {
    (*store)->count_tampered();
    return outcome.without({Code::kTampered, "the snapshot is an older one under a newer name", "the next save replaces it", -1});
  }
  return take(*found, *reader, **store);
}

int RestoreWork::take(const FoundSnapshot& found, SnapshotReader& reader, SnapshotStore& store) {
  const double now = SystemClock().wall();
  // A directory proves nothing of who wrote into it. In the Actions cache a job finds what jobs of its own ref and of the
  // default branch wrote: what is in it is of no more trust than the job itself, nor than the job that saved it.
  const std::string channel = given.has("--dir") ? "fork" : codeql::lower_trust(job.cls, reader.head().cls);
  const auto restored = restore_snapshot(reader, reader.head().sealed, store.store(), store.scans(channel, job.name),
                                         now, snapshot_progress("snapshot"));
  if (!restored) return report(restored.error());
  if (auto finished = store.finish(); !finished) return report(finished.error());
  if (restored->ended) {
    if (restored->ended->code == Code::kTampered) store.count_tampered();
    warn(fmt::format("the snapshot ended early: {}; what came before is good", restored->ended->message));
  } else {
    // After a rotation the next save saves, though nothing else has changed.
    const std::string fingerprint = reader.rotated() ? "" : fingerprint_text(restored->fingerprint, job);
    keep_last_snapshot(reach.environment(), {found.name, place.words(), job.repository, fingerprint}, "restored");
  }
  JsonLine json;
  json.text("name", found.name).text("place", place.words()).boolean("sealed", reader.head().sealed);
  json.number("entries", restored->entries).number("bytes", restored->bytes).number("kept", restored->kept);
  json.number("refused", restored->refused).boolean("whole", !restored->ended);
  json.number("tampered", static_cast<std::uint64_t>(restored->ended && restored->ended->code == Code::kTampered));
  json.text("reason", restored->ended ? restored->ended->message : "");
  return outcome.done("restored", json.str(),
                      fmt::format("restored {} entries ({} bytes) from {}: {}{}", restored->entries, restored->bytes,
                                  place.words(), found.name,
                                  restored->refused ? fmt::format("; {} were expired or not taken", restored->refused) : ""));
}

}  // namespace

int run_snapshot_restore(const Given& given) {
  SnapshotSecrets secrets = take_snapshot_secrets();
  const SnapshotOutcome outcome(given, "restored");
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  const auto job = snapshot_job(secrets, (*reach)->settings(), (*reach)->environment());
  if (!job) return outcome.without(job.error());
  if (job->no_restore) return outcome.skipped(*job->no_restore);
  auto place = snapshot_place(given, secrets, *job, (*reach)->settings(), (*reach)->environment(), false);
  if (!place) return place.error().code == Code::kUsage ? report(place.error()) : outcome.without(place.error());
  return RestoreWork{given, outcome, **reach, *job, **place}.run();
}

}  // namespace rfs
