#include "backends/codeql/analyses.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/encode.h"
#include "base/json.h"

namespace rfs::codeql {
namespace {

using nlohmann::json;

constexpr std::size_t kMostJson = 64u << 20;  // a recursive tree of 100,000 entries has 25 MB

std::string text_at(const json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const json* member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// "2026-01-31T12:00:00Z"; 0 for anything else.
double seconds_of(const std::string& text) {
  std::tm time{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  return end == nullptr ? 0 : static_cast<double>(::timegm(&time));
}

Analysis analysis_of(const json& object) {
  Analysis out;
  if (const json* id = member(object, "id"); id && id->is_number_unsigned())
    out.id = std::to_string(id->get<std::uint64_t>());
  out.ref = text_at(object, "ref");
  out.commit = text_at(object, "commit_sha");
  out.category = text_at(object, "category");
  out.error = text_at(object, "error");
  out.warning = text_at(object, "warning");
  out.analysis_key = text_at(object, "analysis_key");
  out.created_at = seconds_of(text_at(object, "created_at"));
  if (const json* tool = member(object, "tool"))
    out.tool = text_at(*tool, "name"), out.version = text_at(*tool, "version");
  if (const json* results = member(object, "results_count"); results && results->is_number_unsigned())
    out.results = results->get<std::uint64_t>();
  return out;
}

Result<std::string> get_text(GithubApi& api, const ApiQuestion& question) {
  std::string body;
  TRY(api.get(question.path, question.query, GithubApi::Media::kJson, [&](BytesView bytes) {
    body.append(text(bytes));
    return body.size() <= kMostJson;
  }));
  if (body.size() > kMostJson) return fail(Code::kTooLarge, "GitHub's answer is larger than 64 MiB");
  return body;
}

Result<json> get_json(GithubApi& api, const std::string& path, const std::string& query) {
  TRY_ASSIGN(const std::string body, get_text(api, {path, query}));
  return parse_json(body);
}

std::string repos(const std::string& repository) { return "/repos/" + repository; }

// The category as it is compared: GitHub keeps what stands before the last '/' of automationDetails.id.
std::string_view without_slash(std::string_view category) {
  while (category.ends_with('/')) category.remove_suffix(1);
  return category;
}

bool of_category(const Subject& subject, const Analysis& analysis) {
  return without_slash(analysis.category) == without_slash(subject.category);
}

}  // namespace

std::string analysis_path(const std::string& repository, const std::string& id) {
  return fmt::format("{}/code-scanning/analyses/{}", repos(repository), id);
}

ApiQuestion analyses_question(const std::string& repository, const std::string& ref) {
  std::string query = "tool_name=CodeQL&per_page=100";
  if (!ref.empty()) query = fmt::format("ref={}&{}", percent_encode(ref), query);
  return {repos(repository) + "/code-scanning/analyses", std::move(query)};
}

Result<std::vector<Analysis>> analyses_in(std::string_view text, const std::string& ref) {
  TRY_ASSIGN(const json answer, parse_json(text));
  if (!answer.is_array()) return fail(Code::kBroken, "GitHub's list of analyses is no list");
  std::vector<Analysis> out;
  for (const json& one : answer) {
    Analysis analysis = analysis_of(one);
    const bool usable = !analysis.id.empty() && full_id(analysis.commit) && analysis.tool == "CodeQL";
    if (usable && (ref.empty() || analysis.ref == ref)) out.push_back(std::move(analysis));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.created_at > b.created_at; });
  return out;
}

bool is_of_language(const Analysis& analysis, std::string_view language) {
  const std::string_view category = without_slash(analysis.category);
  const std::size_t at = category.rfind("language:");
  if (at == std::string_view::npos) return category == language;
  const auto named = find_language(category.substr(at + 9, category.find('/', at) - at - 9));
  return named && named->name == language;
}

const Analysis* find_analysis(const std::vector<Analysis>& newest_first, std::string_view commit,
                              std::string_view language) {
  for (const Analysis& analysis : newest_first)
    if (analysis.commit == commit && analysis.error.empty() && is_of_language(analysis, language)) return &analysis;
  return nullptr;
}

Result<std::string> GithubSource::default_ref(const ScanEvent& event) {
  if (!event.default_branch.empty()) return "refs/heads/" + event.default_branch;
  if (!default_ref_.empty()) return default_ref_;
  TRY_ASSIGN(const json answer, get_json(api_, repos(repository_), ""));
  const std::string branch = text_at(answer, "default_branch");
  if (branch.empty()) return fail(Code::kBroken, "GitHub does not say which branch is the default one");
  return default_ref_ = "refs/heads/" + branch;
}

Result<std::vector<std::string>> GithubSource::refs(const ScanEvent& event) {
  TRY_ASSIGN(const std::string first, default_ref(event));
  std::vector<std::string> out{first};
  const bool own = event.ref.starts_with("refs/heads/") || event.ref.starts_with("refs/tags/");
  if (own && event.ref != first && trust_class(event) == "ref:" + event.ref) out.push_back(event.ref);
  return out;
}

Result<const std::vector<Analysis>*> GithubSource::list(const std::string& ref) {
  if (const auto held = lists_.find(ref); held != lists_.end()) return &held->second;
  TRY_ASSIGN(const std::string answer, get_text(api_, analyses_question(repository_, ref)));
  TRY_ASSIGN(lists_[ref], analyses_in(answer, ref));
  return &lists_[ref];
}

Result<std::string> GithubSource::tree_of(const std::string& commit) {
  if (const auto known = trees_.find(commit); known != trees_.end()) return known->second;
  TRY_ASSIGN(const json answer, get_json(api_, fmt::format("{}/git/commits/{}", repos(repository_), commit), ""));
  const json* tree = member(answer, "tree");
  const std::string id = tree ? text_at(*tree, "sha") : "";
  if (!full_id(id)) return fail(Code::kBroken, "GitHub does not say which tree a commit has");
  return trees_[commit] = id;
}

Result<bool> GithubSource::list_files(const std::string& tree, const std::function<void(const TreeEntry&)>& visit) {
  TRY_ASSIGN(const json whole,
             get_json(api_, fmt::format("{}/git/trees/{}", repos(repository_), tree), "recursive=1"));
  const json* entries = member(whole, "tree");
  const json* cut = member(whole, "truncated");
  if (!entries || !entries->is_array() || (cut && *cut != false)) return false;
  std::vector<std::pair<std::string, const json*>> files;
  for (const json& entry : *entries)
    if (text_at(entry, "type") != "tree") files.emplace_back(text_at(entry, "path"), &entry);
  std::sort(files.begin(), files.end());
  for (const auto& [path, entry] : files) {
    const std::string mode = text_at(*entry, "mode"), sha = text_at(*entry, "sha");
    visit({mode, sha, path});
  }
  return true;
}

// Trees are named by their content: the same id is the same files.
Result<bool> GithubSource::same_files(const Subject& subject, const std::string& commit) {
  if (commit == subject.manifest.commit) return true;
  if (const auto known = same_.find(commit); known != same_.end()) return known->second;
  TRY_ASSIGN(const std::string tree, tree_of(commit));
  if (tree == subject.manifest.tree) return same_[commit] = true;
  if (subject.manifest.mode != Mode::kInert) return same_[commit] = false;
  TreeSummary summary;
  TRY_ASSIGN(const bool whole, list_files(tree, [&](const TreeEntry& entry) { summary.add(entry); }));
  const auto wanted = subject.manifest.inputs.find("files");
  return same_[commit] =
             whole && wanted != subject.manifest.inputs.end() && summary.inert_digest() == wanted->second;
}

Result<std::map<std::string, std::string>> GithubSource::blobs(const Candidate& candidate,
                                                               const std::vector<std::string>& paths) {
  TRY_ASSIGN(const std::string tree, tree_of(candidate.commit));
  std::map<std::string, std::string> out;
  TRY_ASSIGN(const bool whole, list_files(tree, [&](const TreeEntry& entry) {
               if (std::binary_search(paths.begin(), paths.end(), entry.path)) out.emplace(entry.path, entry.id);
             }));
  if (!whole) return fail(Code::kBroken, "GitHub does not list all files of the commit that was scanned");
  return out;
}

// Its key is the subject's when nothing is known to differ.
Result<Candidate> GithubSource::compare(const Subject& subject, const Analysis& analysis, const std::string& trust) {
  Candidate out;
  out.source = "GitHub";
  out.trust = trust;
  out.ref = analysis.ref;
  out.commit = analysis.commit;
  out.analysed_at = analysis.created_at;
  out.id = analysis.id;
  if (!analysis.error.empty()) out.not_reusable = fmt::format("GitHub says of it: {}", analysis.error);
  if (out.not_reusable.empty() && !analysis.warning.empty())
    out.not_reusable = fmt::format("GitHub warns of it: {}", analysis.warning);
  const auto version = subject.manifest.inputs.find("tool-version");
  const bool known = version != subject.manifest.inputs.end() && !version->second.empty();
  if (known && analysis.version != version->second) return out;
  // ".github/workflows/scan.yml:analyze": the workflow is what says how it was scanned, and its blob is among the
  // files.
  const std::string workflow = analysis.analysis_key.substr(0, analysis.analysis_key.rfind(':'));
  if (workflow.starts_with("dynamic/"))
    out.not_reusable = "it was made by default setup, whose configuration is not known";
  else if (!subject.workflow.empty() && !workflow.empty() && workflow != subject.workflow)
    out.not_reusable = fmt::format("it was made by {}, not by {}", workflow, subject.workflow);
  // Without a workflow of our own that of the analysis says as much where the commit holds it: GitHub takes analyses of
  // one category for one configuration.
  if (workflow.empty() || (subject.workflow.empty() && !subject.workflows.contains(workflow)))
    out.uncertain = "how it was configured is not known";
  if (subject.language.built) out.uncertain = "the machine that built it is not known";
  if (!out.not_reusable.empty()) return out;
  TRY_ASSIGN(const bool same, same_files(subject, analysis.commit));
  if (same) out.key = subject.manifest.key;
  if (analysis.commit == subject.manifest.commit) out.tree = subject.manifest.tree;
  if (const auto tree = trees_.find(analysis.commit); tree != trees_.end()) out.tree = tree->second;
  return out;
}

// A branch's analyses are of the class of a job on it.
static std::string class_of(const std::string& ref, const std::string& default_ref) {
  return ref == default_ref ? "default" : "ref:" + ref;
}

Result<std::vector<Candidate>> GithubSource::find(const Subject& subject, const ScanEvent& event) {
  constexpr std::size_t kMostCommits = 20;  // of a ref
  std::vector<Candidate> out;
  if (subject.manifest.mode == Mode::kCommit) return out;
  TRY_ASSIGN(const auto from, refs(event));
  for (const std::string& ref : from) {
    TRY_ASSIGN(const auto* analyses, list(ref));
    std::size_t compared = 0;
    for (const Analysis& analysis : *analyses) {
      if (!of_category(subject, analysis)) continue;
      if (compared++ == kMostCommits) break;
      TRY_ASSIGN(Candidate candidate, compare(subject, analysis, class_of(ref, from[0])));
      const bool fits = candidate.key == subject.manifest.key && candidate.not_reusable.empty();
      out.push_back(std::move(candidate));
      if (fits) return out;
    }
  }
  return out;
}

Result<std::optional<Candidate>> GithubSource::vouch(const Subject& subject, const ScanEvent& event,
                                                     const std::string& commit, std::uint64_t alerts) {
  TRY_ASSIGN(const auto from, refs(event));
  for (const std::string& ref : from) {
    TRY_ASSIGN(const auto* analyses, list(ref));
    for (const Analysis& analysis : *analyses) {
      if (analysis.commit != commit || analysis.results != alerts || !of_category(subject, analysis)) continue;
      TRY_ASSIGN(Candidate candidate, compare(subject, analysis, class_of(ref, from[0])));
      if (candidate.key == subject.manifest.key && candidate.not_reusable.empty()) return candidate;
    }
  }
  return std::nullopt;
}

Result<bool> GithubSource::has(const Subject& subject, const ScanEvent& event) {
  std::vector<std::string> refs;
  if (!event.ref.empty()) refs.push_back(event.ref);
  for (const auto& [ref, analyses] : lists_) refs.push_back(ref);
  if (refs.empty()) refs.emplace_back();
  for (const std::string& ref : refs) {
    TRY_ASSIGN(const auto* analyses, list(ref));
    for (const Analysis& analysis : *analyses)
      if (analysis.commit == subject.manifest.commit && analysis.error.empty() && of_category(subject, analysis))
        return true;
  }
  return false;
}

const Analysis* GithubSource::analysis(const Candidate& candidate) const {
  for (const auto& [ref, analyses] : lists_)
    for (const Analysis& analysis : analyses)
      if (analysis.id == candidate.id) return &analysis;
  return nullptr;
}

}  // namespace rfs::codeql
