#include "fs/tree/entry_xattr.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "crypto/cid.h"

namespace rfs {
namespace {

std::string whole(double seconds) { return fmt::format("{:.0f}", std::floor(seconds)); }

}  // namespace

Attributes entry_attributes(const Entry& entry, double now) {
  const Meta& meta = entry.meta;
  return {{"user.runnerfs.source", std::string(source_word(entry.found))},
          {"user.runnerfs.age", whole(std::max(0.0, now - meta.validated_at))},
          {"user.runnerfs.expires", whole(meta.expires_at)},
          {"user.runnerfs.cid", cid_v1_of(entry.sha256)},
          {"user.runnerfs.proof", std::string(proof_word(meta.proof))}};
}

std::string state_word(const Entry& entry, Freshness freshness) {
  switch (freshness) {
    case Freshness::kImmutable:
      return "immutable";
    case Freshness::kStale:
      return "stale";
    case Freshness::kFresh:
      break;
  }
  return entry.meta.validated_at > entry.meta.fetched_at ? "revalidated" : "fresh";
}

Attributes http_attributes(const Entry& entry) {
  const Meta& meta = entry.meta;
  Attributes out{{"user.http.status", fmt::format("{}", meta.status)}};
  if (!meta.etag.empty()) out.emplace_back("user.http.etag", meta.etag);
  if (!meta.last_modified.empty()) out.emplace_back("user.http.last-modified", meta.last_modified);
  if (!meta.link.empty()) out.emplace_back("user.http.link", meta.link);
  return out;
}

std::vector<std::string> names_of(const Attributes& attributes) {
  std::vector<std::string> out;
  for (const auto& [name, value] : attributes) out.push_back(name);
  return out;
}

Result<std::string> value_of(const Attributes& attributes, std::string_view name) {
  for (const auto& [known, value] : attributes)
    if (known == name) return value;
  return fail(Code::kNoAttribute, "no such attribute");
}

}  // namespace rfs
