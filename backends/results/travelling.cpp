#include "backends/results/travelling.h"

#include "backends/codeql/trust.h"
#include "base/encode.h"
#include "crypto/hash.h"

namespace rfs::results {
namespace {

constexpr std::size_t kHeldMost = 64u << 20;  // of manifests that wait for their results
constexpr const char* kOfSnapshot = "snapshot";

}  // namespace

Result<> each_travelling(Results& results, const std::function<bool(const Entry&)>& visit) {
  TRY_ASSIGN(const Results::List list, results.all());
  for (const ResultInfo& info : *list) {
    if ((info.source != "local" && info.source != kOfSnapshot) || info.trust == "fork") continue;
    TRY_ASSIGN(const EntryPtr entry, results.entry(info));
    if (!entry) continue;
    if (!info.manifest.empty()) {
      TRY_ASSIGN(const EntryPtr manifest, results.store().find(manifest_key(info.manifest)));
      if (manifest && !visit(*manifest)) return {};
    }
    if (!visit(*entry)) return {};
  }
  return {};
}

Result<Arrivals::Fate> Arrivals::take_manifest(const Entry& entry) {
  const std::string digest = hex(entry.sha256);
  const std::uint64_t size = entry.body->size();
  if (entry.key.canonical != manifest_key(digest).canonical || size > kManifestMost) return Fate::kRefused;
  if (manifests_.contains(digest)) return Fate::kKept;
  if (held_ + size > kHeldMost) return Fate::kRefused;
  TRY_ASSIGN(std::string json, read_all(*entry.body));
  if (hex(sha256(view(json))) != digest || !codeql::parse_manifest(json)) return Fate::kRefused;
  held_ += json.size();
  manifests_.emplace(digest, std::move(json));
  return Fate::kTaken;
}

Result<Arrivals::Fate> Arrivals::take(const Entry& entry) {
  if (entry.key.space != Space::kCodeql) return Fate::kRefused;
  if (!is_result(entry)) return take_manifest(entry);
  const auto claimed = info_of(entry);
  if (!claimed || !is_name(claimed->name)) return Fate::kRefused;
  if (!repository_.empty() && !entry.key.canonical.starts_with(repository_ + "\n")) return Fate::kRefused;
  NewResult what;
  what.name = claimed->name;
  what.source = kOfSnapshot;
  what.scan_duration = claimed->scan_duration;
  what.stored_at = entry.meta.fetched_at;
  what.trust = codeql::lower_trust(codeql::lower_trust(claimed->trust, channel_), results_.trust());
  TRY_ASSIGN(const EntryPtr held, results_.store().find(key_of(what.name, what.trust)));
  if (held && (held->sha256 == entry.sha256 || held->meta.fetched_at >= entry.meta.fetched_at)) return Fate::kKept;
  if (const auto at = manifests_.find(claimed->manifest); at != manifests_.end()) {
    auto manifest = codeql::parse_manifest(at->second);
    const ResultName its{manifest->repository, manifest->commit, what.name.config, what.name.language};
    if (same_scan(its, what.name)) what.manifest = std::move(*manifest);
  }
  TRY_ASSIGN(const std::string sarif, read_all(*entry.body));
  TRY_ASSIGN(const auto incoming, results_.begin());
  auto stored = incoming->append(view(sarif)).and_then([&] { return incoming->commit(std::move(what), false); });
  if (!stored && stored.error().code == Code::kInvalid) return Fate::kRefused;
  if (!stored) return fail(std::move(stored.error()));
  return Fate::kTaken;
}

}  // namespace rfs::results
