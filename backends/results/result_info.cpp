#include "backends/results/result_info.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "backends/codeql/config.h"
#include "backends/codeql/languages.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/time.h"

namespace rfs::results {
namespace {

using nlohmann::json;

constexpr char kBetween = '\n';  // in no part of a name
constexpr std::string_view kManifestSpace = "manifest\n";

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return text;
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double real_of(const json& object, const char* name, double otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

}  // namespace

bool is_github_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

bool is_name(const ResultName& name) {
  const std::string_view repository = name.repository;
  const std::size_t slash = std::min(repository.find('/'), repository.size());
  if (slash == repository.size() || !is_github_name(repository.substr(0, slash)) || repository.starts_with('.') ||
      !is_github_name(repository.substr(slash + 1)))
    return false;
  const auto config = codeql::canonical_config(name.config);
  const auto language = codeql::find_language(name.language);
  return is_hex_of(name.commit, 40) && config && *config == name.config && language && language->name == name.language;
}

std::string directory_of(const ResultName& name) { return name.repository + "/" + name.commit + "/" + name.config; }

bool same_scan(const ResultName& one, const ResultName& other) {
  return one.commit == other.commit && one.config == other.config && one.language == other.language &&
         lowered(one.repository) == lowered(other.repository);
}

EntryKey key_of(const ResultName& name, const std::string& trust) {
  EntryKey key;
  key.space = Space::kCodeql;
  key.cls = trust;
  key.canonical = lowered(name.repository) + kBetween + name.commit + kBetween + name.config + kBetween + name.language;
  key.directory = directory_of(name);
  key.name = name.language + ".sarif";
  return key;
}

EntryKey manifest_key(const std::string& digest) {
  EntryKey key;
  key.space = Space::kCodeql;
  key.canonical = std::string(kManifestSpace) + digest;
  key.directory = ".digest";
  key.name = digest + ".manifest.json";
  return key;
}

bool is_result(const Entry& entry) {
  return entry.key.space == Space::kCodeql && !entry.key.canonical.starts_with(kManifestSpace);
}

std::string provenance_of(const ResultInfo& info) {
  return JsonLine()
      .number("alerts", info.alerts)
      .text("category", info.category)
      .text("commit", info.name.commit)
      .text("config", info.name.config)
      .text("event", info.event)
      .text("key", info.key)
      .text("language", info.name.language)
      .text("manifest", info.manifest)
      .text("mode", info.mode)
      .text("not_reusable", info.not_reusable)
      .text("peer", info.peer)
      .text("ref", info.ref)
      .text("repository", info.name.repository)
      .real("scan_duration", info.scan_duration)
      .text("source", info.source)
      .raw("summary", info.summary)
      .text("tool", info.tool)
      .text("tree", info.tree)
      .text("uncertain", info.uncertain)
      .text("version", info.version)
      .str();
}

Result<ResultInfo> info_of(const Entry& entry) {
  const auto parsed = parse_json(entry.meta.provenance);
  if (!parsed || !parsed->is_object()) return fail(Code::kTampered, "a stored result does not say what it is");
  const json& object = *parsed;
  ResultInfo out;
  out.name = {text_of(object, "repository"), text_of(object, "commit"), text_of(object, "config"),
              text_of(object, "language")};
  out.trust = entry.key.cls;
  if (key_of(out.name, out.trust).canonical != entry.key.canonical)
    return fail(Code::kTampered, "a stored result says that it is another one");
  out.source = text_of(object, "source");
  out.peer = text_of(object, "peer");
  out.digest = hex(entry.sha256);
  out.size = entry.body->size();
  out.stored_at = entry.meta.fetched_at;
  out.scan_duration = real_of(object, "scan_duration", -1);
  out.tool = text_of(object, "tool");
  out.version = text_of(object, "version");
  out.category = text_of(object, "category");
  out.alerts = static_cast<std::uint64_t>(real_of(object, "alerts", 0));
  const auto summary = object.find("summary");
  out.summary = summary != object.end() && summary->is_object() ? dump_line(*summary) : "{}";
  out.manifest = text_of(object, "manifest");
  out.key = text_of(object, "key");
  out.mode = text_of(object, "mode");
  out.tree = text_of(object, "tree");
  out.ref = text_of(object, "ref");
  out.event = text_of(object, "event");
  out.uncertain = text_of(object, "uncertain");
  out.not_reusable = text_of(object, "not_reusable");
  return out;
}

std::string summary_json(const ResultInfo& info) {
  JsonLine line;
  line.text("repository", info.name.repository).text("commit", info.name.commit).text("config", info.name.config);
  line.text("language", info.name.language);
  if (info.scan_duration >= 0)
    line.real("scan_duration", info.scan_duration);
  else
    line.raw("scan_duration", "null");
  line.text("timestamp", rfc3339(info.stored_at)).text("digest", "sha256:" + info.digest).number("size", info.size);
  line.text("key", info.key).text("mode", info.mode).text("tree", info.tree).text("ref", info.ref).text("event", info.event);
  line.text("trust", info.trust).text("provenance", info.source).text("not_reusable", info.not_reusable);
  // What the SARIF itself says: members of one object.
  std::string out = line.str();
  if (info.summary.size() > 2) out.replace(out.size() - 1, 1, ", " + info.summary.substr(1));
  return out + "\n";
}

}  // namespace rfs::results
