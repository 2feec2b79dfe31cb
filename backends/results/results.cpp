#include "backends/results/results.h"

#include <algorithm>

#include "backends/codeql/identity.h"
#include "backends/codeql/trust.h"
#include "base/encode.h"

namespace rfs::results {
namespace {

// A result does not grow old: while an input of its scan may move, decide() bounds its age. The least used go first.
constexpr double kNeverExpires = 253402300799;  // the end of the year 9999

constexpr const char* kNoManifest = "it was stored without the key of its scan";

Meta meta_of(double now) {
  Meta meta;
  meta.fetched_at = meta.validated_at = now;
  meta.expires_at = kNeverExpires;
  meta.proof = Proof::kLocal;
  meta.source = Source::kDisk;
  return meta;
}

void note_scan(ResultInfo& info, const sarif::Facts& facts) {
  info.alerts = facts.alerts;
  info.summary = "{" + sarif::summary_members(facts) + "}";
  if (facts.runs.size() == 1) {
    info.tool = facts.runs[0].tool;
    info.version = facts.runs[0].version;
    info.category = facts.runs[0].category;
  }
}

void note_manifest(ResultInfo& info, const codeql::Manifest& manifest) {
  info.key = manifest.key;
  info.mode = codeql::mode_word(manifest.mode);
  info.tree = manifest.tree;
  info.ref = manifest.ref;
  info.event = manifest.event;
  if (!manifest.floating.empty()) info.uncertain = manifest.floating.front();
}

}  // namespace

Results::Incoming::Incoming(Results& results, std::unique_ptr<store::BodyDraft> draft, sarif::Options options)
    : results_(results), sealing_(std::move(draft)), reader_(std::move(options)) {}

Result<std::unique_ptr<Results::Incoming>> Results::begin(sarif::Options expected) {
  TRY_ASSIGN(auto draft, store_.draft_body());
  expected.max_size = std::min(expected.max_size, kSarifMost);
  return std::unique_ptr<Incoming>(new Incoming(*this, std::move(draft), std::move(expected)));
}

Result<> Results::Incoming::append(BytesView bytes) {
  TRY(reader_.push(text(bytes)));
  return sealing_.append(bytes);
}

Result<ResultInfo> Results::Incoming::commit(NewResult what, bool sync) {
  TRY_ASSIGN(const sarif::Facts facts, reader_.finish());
  ResultInfo info;
  info.name = std::move(what.name);
  info.trust = what.trust.empty() ? results_.trust_ : std::move(what.trust);
  info.source = std::move(what.source);
  info.peer = std::move(what.peer);
  info.scan_duration = what.scan_duration;
  info.size = sealing_.size();
  info.stored_at = results_.clock_.wall();
  if (what.stored_at > 0) info.stored_at = std::min(info.stored_at, what.stored_at);
  note_scan(info, facts);
  info.not_reusable = codeql::not_reusable(facts);
  if (what.manifest) {
    codeql::Manifest& manifest = *what.manifest;
    note_manifest(info, manifest);
    if (info.not_reusable.empty()) info.not_reusable = manifest.not_reusable;
    // The class is what this channel proves, not what the manifest claims.
    manifest.trust = info.trust;
    manifest.not_reusable = info.not_reusable;
    const std::string json = codeql::manifest_json(manifest);
    if (json.size() > kManifestMost)
      return fail(Code::kTooLarge, "the manifest of the scan is larger than 16 MiB", "its results name too many files");
    info.manifest = hex(sha256(view(json)));
    TRY(results_.put_manifest(json, info.manifest, sync));
  } else if (info.not_reusable.empty()) {
    info.not_reusable = kNoManifest;
  }
  TRY_ASSIGN(auto sealed, sealing_.finish());
  Entry entry;
  entry.key = key_of(info.name, info.trust);
  entry.meta = meta_of(info.stored_at);
  entry.meta.provenance = provenance_of(info);
  entry.body = std::move(sealed.body);
  entry.sha256 = sealed.sha256;
  info.digest = hex(entry.sha256);
  const auto put = results_.store_.put_now(std::make_shared<const Entry>(std::move(entry)), sync);
  results_.changed();
  TRY(put);
  if (info.source == "local") results_.counters_.add(Counter::kScansCached);
  return info;
}

Result<> Results::put_manifest(const std::string& json, const std::string& digest, bool sync) {
  Entry entry;
  entry.key = manifest_key(digest);
  entry.meta = meta_of(clock_.wall());
  entry.body = std::make_shared<MemoryBody>(json);
  entry.sha256 = sha256(view(json));
  return store_.put_now(std::make_shared<const Entry>(std::move(entry)), sync);
}

Result<Results::List> Results::all() {
  auto index = index_.lock();  // whoever else wants it needs it read, too
  if (*index) return *index;
  auto fresh = std::make_shared<std::vector<ResultInfo>>();
  TRY(store_.each(Space::kCodeql, nullptr, [&](const Entry& entry) {
    // One that cannot be read is none: its scan runs again.
    if (is_result(entry))
      if (auto info = info_of(entry)) fresh->push_back(std::move(*info));
    return true;
  }));
  std::stable_sort(fresh->begin(), fresh->end(),
                   [](const ResultInfo& one, const ResultInfo& other) { return one.stored_at > other.stored_at; });
  *index = std::move(fresh);
  return *index;
}

Result<std::optional<ResultInfo>> Results::find(const ResultName& name) {
  TRY_ASSIGN(const List list, all());
  std::optional<ResultInfo> relied_on, other;
  for (const ResultInfo& info : *list) {
    if (!same_scan(info.name, name)) continue;
    if (info.trust == trust_) return info;
    std::optional<ResultInfo>& out = codeql::may_rely(trust_, info.trust) ? relied_on : other;
    if (!out) out = info;
  }
  return relied_on ? relied_on : other;
}

Result<std::vector<ResultInfo>> Results::with_key(const std::string& key) {
  TRY_ASSIGN(const List list, all());
  std::vector<ResultInfo> out;
  std::copy_if(list->begin(), list->end(), std::back_inserter(out),
               [&](const ResultInfo& info) { return !key.empty() && info.key == key; });
  return out;
}

Result<std::optional<ResultInfo>> Results::with_digest(const std::string& digest) {
  TRY_ASSIGN(const List list, all());
  const auto at =
      std::find_if(list->begin(), list->end(), [&](const ResultInfo& info) { return info.digest == digest; });
  return at == list->end() ? std::nullopt : std::optional(*at);
}

Result<EntryPtr> Results::entry(const ResultInfo& info) { return store_.find(key_of(info.name, info.trust)); }

Result<std::optional<std::string>> Results::manifest(const std::string& digest) {
  TRY_ASSIGN(const EntryPtr entry, store_.find(manifest_key(digest)));
  if (!entry || entry->body->size() > kManifestMost) return std::nullopt;
  TRY_ASSIGN(std::string json, read_all(*entry->body));
  if (hex(sha256(view(json))) != digest) return fail(Code::kTampered, "a manifest is not the one that was stored");
  return json;
}

Result<std::uint64_t> Results::remove(const std::function<bool(const ResultInfo&)>& chosen) {
  TRY_ASSIGN(const List list, all());
  std::uint64_t count = 0;
  for (const ResultInfo& info : *list) {
    if (!chosen(info)) continue;
    TRY(store_.remove(key_of(info.name, info.trust)));
    ++count;
  }
  const auto flushed = store_.flush(false);
  changed();
  TRY(flushed);
  return count;
}

}  // namespace rfs::results
