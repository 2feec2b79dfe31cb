#include "fs/tree/codeql_text.h"

#include <fmt/format.h>

#include <map>

#include "backends/codeql/key.h"
#include "backends/codeql/trust.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/time.h"

namespace rfs {
namespace {

constexpr std::size_t kOthersMost = 5;  // results that a miss names

std::string inputs_text(const std::string& manifest) {
  const auto parsed = codeql::parse_manifest(manifest);
  if (!parsed) return {};
  std::string out = "inputs of its key:\n";
  for (const auto& [name, value] : parsed->inputs) out += fmt::format("  {}: {}\n", name, value);
  for (const std::string& one : parsed->floating) out += fmt::format("uncertain: {}\n", one);
  return out;
}

std::string hit_text(const results::ResultInfo& info) {
  std::string out = fmt::format("stored {} by {}\n", rfc3339(info.stored_at), codeql::trust_words(info.trust));
  out += fmt::format("scan of commit {} ({}), {} alerts, sha256:{}\n", info.name.commit,
                     info.tool.empty() ? "several runs" : info.tool + (info.version.empty() ? "" : " " + info.version),
                     info.alerts, info.digest);
  if (info.not_reusable.empty())
    out += "it stands for a scan of the same key, for jobs that may rely on its class of trust\n";
  else
    out += fmt::format("it is no ground to skip a scan: {}\n", info.not_reusable);
  if (!info.key.empty()) out += fmt::format("key: {} ({})\n", info.key, info.mode);
  return out;
}

std::string miss_text(const std::vector<results::ResultInfo>& all, const results::ResultName& name) {
  std::string out = fmt::format("no result of {} is stored for commit {} and configuration {}\n", name.language,
                                name.commit, name.config);
  std::size_t shown = 0;
  for (const results::ResultInfo& info : all) {
    results::ResultName here = info.name;
    here.commit = name.commit;
    here.config = name.config;
    if (!results::same_scan(here, name)) continue;
    if (shown++ == kOthersMost) break;
    out += fmt::format("stored instead: commit {}, configuration {}, {}\n", info.name.commit, info.name.config,
                       rfc3339(info.stored_at));
  }
  return out + "`runnerfs codeql explain` compares the scan of a checkout with these\n";
}

}  // namespace

Result<std::string> manifests_text(results::Results& results, const results::ResultName& directory) {
  TRY_ASSIGN(const auto all, results.all());
  std::map<std::string, std::string> by_language;
  for (const results::ResultInfo& info : *all) {
    results::ResultName wanted = directory;
    wanted.language = info.name.language;
    if (!results::same_scan(info.name, wanted) || info.manifest.empty() || by_language.count(wanted.language)) continue;
    TRY_ASSIGN(const auto chosen, results.find(wanted));
    TRY_ASSIGN(const auto manifest, results.manifest(chosen ? chosen->manifest : info.manifest));
    if (manifest) by_language[wanted.language] = *manifest;
  }
  JsonLine line;
  for (const auto& [language, manifest] : by_language) line.raw(language, manifest);
  return line.str() + "\n";
}

Result<std::string> explain_text(results::Results& results, const results::ResultName& name) {
  TRY_ASSIGN(const auto found, results.find(name));
  TRY_ASSIGN(const auto all, results.all());
  if (!found) return miss_text(*all, name);
  std::string out = hit_text(*found);
  if (found->manifest.empty()) return out;
  TRY_ASSIGN(const auto manifest, results.manifest(found->manifest));
  return out + (manifest ? inputs_text(*manifest) : "its manifest is gone: it is no ground to skip a scan\n");
}

Result<std::string> key_text(results::Results& results, const std::string& hash) {
  TRY_ASSIGN(const auto all, results.all());
  std::string out = "[";
  for (const results::ResultInfo& info : *all) {
    if (info.key.empty() || hex(sha256(view(info.key))) != hash) continue;
    JsonLine line;
    line.text("repository", info.name.repository).text("commit", info.name.commit).text("config", info.name.config);
    line.text("language", info.name.language).text("trust", info.trust).text("source", info.source);
    line.text("key", info.key).text("mode", info.mode).text("tree", info.tree).text("ref", info.ref);
    line.text("digest", info.digest).text("manifest", info.manifest).number("size", info.size);
    line.number("alerts", info.alerts).text("tool", info.tool).text("version", info.version);
    line.text("category", info.category).real("stored_at", info.stored_at).real("scan_duration", info.scan_duration);
    line.text("uncertain", info.uncertain).text("not_reusable", info.not_reusable);
    out += (out.size() > 1 ? ",\n" : "") + line.str();
  }
  return out + "]\n";
}

}  // namespace rfs
