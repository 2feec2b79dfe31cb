#include "cli/codeql_stored.h"

#include <fmt/format.h>
#include <strings.h>

#include "base/encode.h"
#include "cli/access.h"
#include "cli/json_view.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

bool same_repository(const std::string& one, const std::string& other) {
  return ::strcasecmp(one.c_str(), other.c_str()) == 0;
}

std::uint64_t whole(const std::string& row, const char* name) {
  return static_cast<std::uint64_t>(json_number(row, name));
}

StoredScan scan_of(const std::string& row) {
  StoredScan out;
  out.candidate.source = kLocalStore;
  out.candidate.trust = json_text(row, "trust");
  out.candidate.key = json_text(row, "key");
  out.candidate.not_reusable = json_text(row, "not_reusable");
  out.candidate.uncertain = json_text(row, "uncertain");
  out.candidate.commit = json_text(row, "commit");
  out.candidate.ref = json_text(row, "ref");
  out.candidate.tree = json_text(row, "tree");
  out.candidate.digest = out.candidate.id = json_text(row, "digest");
  out.candidate.analysed_at = json_number(row, "stored_at");
  out.repository = json_text(row, "repository");
  out.config = json_text(row, "config");
  out.language = json_text(row, "language");
  out.manifest = json_text(row, "manifest");
  out.size = whole(row, "size");
  out.alerts = whole(row, "alerts");
  out.tool = json_text(row, "tool");
  out.version = json_text(row, "version");
  out.category = json_text(row, "category");
  out.scan_duration = json_number(row, "scan_duration");
  return out;
}

Result<> walk_scans(Access& access, const std::string& directory, std::vector<ListedScan>& out) {
  TRY_ASSIGN(const auto listed, access.list(directory));
  for (const PathInfo& info : listed) {
    if (info.directory) {
      TRY(walk_scans(access, info.path, out));
      continue;
    }
    constexpr std::string_view kEnd = ".sarif";
    if (!info.path.ends_with(kEnd)) continue;
    const std::string json = info.path.substr(0, info.path.size() - kEnd.size()) + ".json";
    auto summary = read_tree(access, json);
    if (!summary && summary.error().code == Code::kNotFound) continue;  // it went meanwhile
    if (!summary) return fail(std::move(summary.error()));
    out.push_back({info.path, std::move(*summary)});
  }
  return {};
}

}  // namespace

Result<std::vector<StoredScan>> scans_with_key(Access& access, const std::string& key, const std::string& repository) {
  TRY_ASSIGN(const std::string rows, read_tree(access, fmt::format("codeql/.key/{}.json", hex(sha256(view(key))))));
  std::vector<StoredScan> out;
  for (const std::string& row : json_list(rows, "")) {
    StoredScan one = scan_of(row);
    if (one.candidate.key == key && same_repository(one.repository, repository)) out.push_back(std::move(one));
  }
  return out;
}

std::string sarif_file(const StoredScan& scan) { return fmt::format("codeql/.digest/{}.sarif", scan.candidate.digest); }

std::string sarif_file(const std::string& repository, const std::string& commit, const std::string& config,
                       std::string_view language) {
  return fmt::format("codeql/{}/{}/{}/{}.sarif", repository, commit, config, language);
}

Result<codeql::Manifest> manifest_of(Access& access, const StoredScan& scan) {
  if (scan.manifest.empty()) return fail(Code::kNotFound, "the result was stored without the manifest of its scan");
  TRY_ASSIGN(const std::string json, read_tree(access, fmt::format("codeql/.digest/{}.manifest.json", scan.manifest)));
  return codeql::parse_manifest(json);
}

Result<std::vector<ListedScan>> list_scans(Access& access, const std::string& directory) {
  std::vector<ListedScan> out;
  TRY(walk_scans(access, directory, out));
  return out;
}

}  // namespace rfs
