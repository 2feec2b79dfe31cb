#include <fmt/format.h>
#include <sodium.h>

#include "base/encode.h"
#include "base/json.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/snapshot.h"
#include "cli/snapshot_last.h"
#include "cli/snapshot_store.h"

namespace rfs {
namespace {

constexpr double kForgetLast = 24 * 3600;

// A job of GitHub says it in its event; elsewhere the repository's own document is asked for, unless it is held.
void learn_visibility(Reach& reach, const SnapshotJob& job, Travel& travel) {
  if (job.known_public) return travel.know_public(job.name, job.id);
  if (job.name.empty() || job.key) return;
  const std::string path = "api/repos/" + job.name + ".json";
  if (const auto known = reach.access().stat(path, false); known && known->held) return;
  const auto document = read_tree(reach.access(), path, 1u << 20);
  if (document && json_text(*document, "private") == "false") travel.know_public(job.name, json_text(*document, "id"));
}

SnapshotHead new_head(const SnapshotJob& job) {
  SnapshotHead head;
  head.sealed = job.key.has_value();
  head.repository = job.repository;
  head.cls = job.cls;
  randombytes_buf(head.id.data(), head.id.size());
  return head;
}

struct SaveWork {
  const Given& given;
  const SnapshotOutcome& outcome;
  Reach& reach;
  const SnapshotJob& job;
  SnapshotPlace& place;
  double now;

  // What the owner named and cannot be written is his business; a job goes on without the Actions cache.
  int trouble(const Error& error) const { return given.has("--dir") ? report(error) : outcome.without(error); }
  int run();
  std::optional<Error> too_soon(const std::optional<SnapshotName>& newest) const;
};

std::optional<Error> SaveWork::too_soon(const std::optional<SnapshotName>& newest) const {
  if (!newest || given.has("--dir") || given.has("--force")) return std::nullopt;
  const double age = now - static_cast<double>(newest->created), interval = reach.settings().snapshot_interval;
  if (age >= interval || age < -300) return std::nullopt;
  return Error{Code::kBusy, fmt::format("a snapshot of this branch was saved {:.0f} min ago", std::max(0.0, age) / 60),
               "--snapshot-interval says how often; --force saves all the same", -1};
}

int SaveWork::run() {
  auto newest = place.newest_own(job.key.has_value(), job.branch);
  if (!newest) return trouble(newest.error());
  if (const auto soon = too_soon(*newest)) return outcome.skipped(*soon);
  auto store = SnapshotStore::open(reach);
  if (!store) return store.error().code == Code::kUnsupported ? outcome.without(store.error()) : report(store.error());
  TravelRules rules;
  rules.repository = job.name;
  rules.repository_id = job.id;
  rules.sealed = job.key.has_value();
  rules.now = now;
  rules.body_most = reach.settings().max_object_size;
  (*store)->fill(rules);
  Travel travel(rules, (*store)->routes());
  learn_visibility(reach, job, travel);
  auto source = (*store)->source();
  if (!source) return report(source.error());
  auto draft = place.draft();
  if (!draft) return trouble(draft.error());
  const SnapshotHead head = new_head(job);
  const auto saved = save_snapshot(*source, travel, draft->get(), head, job.key ? &*job.key : nullptr, now,
                                   snapshot_progress("snapshot"));
  if (!saved) return trouble(saved.error());
  if (saved->entries == 0) {
    Error nothing{Code::kNotFound, "nothing is held that may travel", "", -1};
    if (!job.key)
      nothing.hint = "without a fleet secret (CACHE_P2P_SHARED_SECRET) only answers about repositories that are known to be public do";
    return outcome.skipped(nothing);
  }
  LastSnapshot next{"", place.words(), job.repository, fingerprint_text(saved->fingerprint, job)};
  const LastSnapshot last = last_snapshot(reach.environment());
  const bool recent = newest->has_value() || (!given.has("--dir") && now - last.time < kForgetLast);
  if (recent && !given.has("--force") && last.fingerprint == next.fingerprint && last.place == next.place &&
      last.repository == next.repository)
    return outcome.skipped({Code::kExists, "nothing has changed since the last snapshot", "", -1});
  SnapshotName name{head.sealed, job.branch, static_cast<std::uint64_t>(now), hex(BytesView(head.id).first(4))};
  auto published = place.publish(draft->get(), saved->size, name);
  if (!published && published.error().code == Code::kExists) {
    // Reserved by another runner, or by one that died: under another name there is nobody in the way.
    name.random = hex(SecretBytes::random(4).reveal());
    published = place.publish(draft->get(), saved->size, name);
  }
  if (!published) return trouble(published.error());
  const std::uint64_t removed = place.remove_older(name);
  next.name = snapshot_name(name);
  keep_last_snapshot(reach.environment(), next, "saved");
  if (!job.key)
    note("the snapshot is not sealed, and holds only what is public; a fleet secret (CACHE_P2P_SHARED_SECRET) would seal it");
  if (!job.weakness.empty()) note(job.weakness);
  JsonLine json;
  json.text("name", next.name).text("place", next.place).boolean("sealed", head.sealed);
  json.number("entries", saved->entries).number("bytes", saved->bytes).number("size", saved->size);
  json.number("withheld", saved->withheld).number("removed", removed);
  return outcome.done("saved", json.str(),
                      fmt::format("saved {} entries ({} bytes, {} as stored) to {}: {}", saved->entries, saved->bytes,
                                  saved->size, next.place, next.name));
}

}  // namespace

int run_snapshot_save(const Given& given) {
  SnapshotSecrets secrets = take_snapshot_secrets();
  const SnapshotOutcome outcome(given, "saved");
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  const auto job = snapshot_job(secrets, (*reach)->settings(), (*reach)->environment());
  if (!job) return outcome.without(job.error());
  if (job->no_save) return outcome.skipped(*job->no_save);
  auto place = snapshot_place(given, secrets, *job, (*reach)->settings(), (*reach)->environment(), true);
  if (!place) return place.error().code == Code::kUsage ? report(place.error()) : outcome.without(place.error());
  return SaveWork{given, outcome, **reach, *job, **place, SystemClock().wall()}.run();
}

}  // namespace rfs
