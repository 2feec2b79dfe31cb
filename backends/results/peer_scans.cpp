#include "backends/results/peer_scans.h"

#include "backends/codeql/config.h"
#include "backends/codeql/languages.h"
#include "base/encode.h"
#include "crypto/hash.h"

namespace rfs::results {
namespace {

constexpr std::size_t kAttestationMost = 60'000;  // fits the frame that it travels in
constexpr const char* kOfPeer = "peer";

Bytes attestation_of(Results& results, const ResultInfo& info) {
  if (info.manifest.empty() || !info.not_reusable.empty()) return {};
  const auto json = results.manifest(info.manifest);
  if (!json || !*json || (*json)->size() > kAttestationMost) return {};
  const auto manifest = codeql::parse_manifest(**json);
  if (!manifest || !manifest->signature) return {};
  const BytesView bytes = view(**json);
  return {bytes.begin(), bytes.end()};
}

// The name that a manifest is of; nullopt for one that says too little, as the reference's keys by commit do.
std::optional<ResultName> name_of(const codeql::Manifest& manifest) {
  const auto config = manifest.inputs.find("config"), language = manifest.inputs.find("language");
  if (config == manifest.inputs.end() || language == manifest.inputs.end()) return std::nullopt;
  const auto canonical = codeql::canonical_config(config->second);
  const auto known = codeql::find_language(language->second);
  if (!canonical || !known) return std::nullopt;
  ResultName out{manifest.repository, manifest.commit, *canonical, std::string(known->name)};
  return is_name(out) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<codeql::Manifest> manifest_of(const PeerScan& scan) {
  if (scan.attestation.empty()) return std::nullopt;
  auto manifest = codeql::parse_manifest(text(scan.attestation));
  if (!manifest) return std::nullopt;
  return std::move(*manifest);
}

}  // namespace

std::optional<GivenScan> PeerScans::find(const Digest& id, const std::function<Digest(BytesView)>& ask_id) {
  const auto list = results_.all();
  if (!list) return std::nullopt;
  std::optional<ResultInfo> info;
  {
    auto index = index_.lock();
    if (index->of != *list) {
      index->of = *list;
      index->by_id.clear();
      for (std::size_t i = (*list)->size(); i-- > 0;) {  // the newest last, so that it stays
        const ResultInfo& one = (**list)[i];
        if (one.source == kOfPeer || one.size > kPeerScanMost) continue;  // hearsay is not passed on
        const ResultName& name = one.name;
        index->by_id[ask_id(view(canonical_scan_name(name.repository, name.commit, name.config, name.language)))] = i;
        if (!one.key.empty()) index->by_id[ask_id(view(canonical_scan_key(hex(sha256(view(one.key))))))] = i;
      }
    }
    const auto at = index->by_id.find(id);
    if (at == index->by_id.end()) return std::nullopt;
    info = (**list)[at->second];
  }
  auto entry = results_.entry(*info);
  if (!entry || !*entry) return std::nullopt;
  return GivenScan{std::move(*entry), attestation_of(results_, *info)};
}

Result<> PeerScans::store(ResultName name, std::optional<codeql::Manifest> manifest, const PeerScan& scan) {
  TRY_ASSIGN(const auto incoming, results_.begin());
  TRY(incoming->append(view(scan.sarif)));
  NewResult result;
  result.name = std::move(name);
  result.source = kOfPeer;
  result.peer = scan.peer;
  result.trust = "fork";
  result.manifest = std::move(manifest);
  return incoming->commit(std::move(result), false).map([](const ResultInfo&) {});
}

Result<> PeerScans::take(const ResultName& name, const PeerScan& scan) {
  auto manifest = manifest_of(scan);
  if (manifest) {
    const auto its = name_of(*manifest);
    if (!its || !same_scan(*its, name)) manifest.reset();
  }
  return store(name, std::move(manifest), scan);
}

Result<> PeerScans::take_by_key(const std::string& hash, const PeerScan& scan, std::span<const Ed25519Public> writers) {
  auto manifest = manifest_of(scan);
  if (!manifest || hex(sha256(view(manifest->key))) != hash)
    return fail(Code::kInvalid, "a member sent a result without the manifest of the key that it was asked for");
  // Of which commit it is stands beside the key: without a writer's word a member could name any.
  if (!codeql::is_signed_by(*manifest, hex(sha256(view(scan.sarif))), writers))
    return fail(Code::kInvalid, "a member sent a result that no writer of codeql.writers signed");
  auto name = name_of(*manifest);
  if (!name) return fail(Code::kInvalid, "a member sent a manifest that does not say of which scan it is");
  return store(std::move(*name), std::move(manifest), scan);
}

}  // namespace rfs::results
