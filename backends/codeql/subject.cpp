#include "backends/codeql/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "backends/codeql/config.h"
#include "backends/codeql/index.h"
#include "backends/codeql/repository.h"
#include "backends/codeql/tree.h"
#include "backends/codeql/work_tree.h"
#include "backends/codeql/workflow.h"

namespace rfs::codeql {
namespace {

constexpr std::size_t kMostFiles = 32;  // workflow and configuration files that are read

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out.append(out.empty() ? "" : "\n").append(one);
  return out;
}

bool is_repository(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size()) return false;
  return text.find('/', slash + 1) == std::string_view::npos &&
         text.find_first_of(" \t\r\n:%") == std::string_view::npos;
}

// A variable whose value may be a credential: that it is set is part of the key, what it is is not.
bool secret_name(std::string_view name) {
  for (const char* word : {"TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "KEY", "AUTH"})
    if (name.find(word) != std::string_view::npos) return true;
  return false;
}

class Examiner {
 public:
  Examiner(const Asked& asked, const Environment& environment) : asked_(asked), environment_(environment) {}

  Result<Subject> run() {
    TRY_ASSIGN(out_.language, find_language(asked_.language));
    TRY_ASSIGN(out_.config, canonical_config(asked_.config));
    out_.category = asked_.category.empty() ? fmt::format("/language:{}", out_.language.name) : asked_.category;
    TRY_ASSIGN(const Git git, Git::open(asked_.directory, environment_));
    // Before anything is read of a repository that a missing object would make git fetch.
    TRY_ASSIGN(const RepositoryState state, inspect_repository(git));
    out_.doubts = state.doubts;
    TRY_ASSIGN(const Git::Commit commit, git.commit(asked_.commit.empty() ? "HEAD" : *full_id(asked_.commit)));
    Manifest& manifest = out_.manifest;
    manifest.repository = lower(asked_.repository);
    manifest.commit = commit.id;
    manifest.tree = commit.tree;
    manifest.ref = variable(environment_, "GITHUB_REF");
    manifest.event = variable(environment_, "GITHUB_EVENT_NAME");
    manifest.run = variable(environment_, "GITHUB_RUN_ID");
    manifest.mode = mode();
    if (!asked_.commit.empty() && !git.work_tree().empty()) doubt(checked_out(git));
    doubt(look_at_files(git, state));
    if (manifest.mode == Mode::kCommit) {
      manifest.inputs = {{"repository", asked_.repository},
                         {"commit", commit.id},
                         {"config", config_text(asked_.config)},
                         {"language", std::string(out_.language.name)}};
      manifest.key = reference_key(asked_.repository, commit.id, asked_.config, out_.language.name);
      manifest.floating.push_back("a key by commit says nothing of tool, queries and machine");
      return std::move(out_);
    }
    choices();
    machine();
    manifest.key = key_of(manifest.inputs);
    return std::move(out_);
  }

 private:
  void doubt(const Result<>& result) {
    if (!result) out_.doubts.push_back(result.error().message);
  }

  Mode mode() const {
    if (asked_.mode == Mode::kCommit || asked_.mode == Mode::kTree) return asked_.mode;
    // Only extractors that run nothing are known not to read documents and pictures.
    const bool built = out_.language.built || !(asked_.build_mode.empty() || asked_.build_mode == "none");
    return built ? Mode::kTree : Mode::kInert;
  }

  // What a scan would read is HEAD, whatever was asked about.
  Result<> checked_out(const Git& git) const {
    TRY_ASSIGN(const Git::Commit head, git.commit("HEAD"));
    if (head.tree == out_.manifest.tree) return {};
    return fail(Code::kStale, fmt::format("commit {} is asked about, and {}, with other files, is checked out",
                                          out_.manifest.commit.substr(0, 12), head.id.substr(0, 12)));
  }

  Result<> look_at_files(const Git& git, const RepositoryState& state) {
    const Manifest& manifest = out_.manifest;
    TreeSummary summary;
    const auto files = IndexedFiles::begin(git);  // in the background of what follows
    std::string ids;                              // of all blobs, one a line
    TRY(list_tree(git, manifest.commit, [&](const TreeEntry& entry) {
      summary.add(entry);
      files->expect(entry);
      if (!entry.submodule()) ids.append(entry.id).push_back('\n');
      return true;
    }));
    out_.workflows = summary.workflows();
    TRY(nothing_missing(git, ids));
    TRY_ASSIGN(const WorkTreeState work, inspect_work_tree(git, summary, environment_, files->all_as_committed()));
    out_.doubts.insert(out_.doubts.end(), work.doubts.begin(), work.doubts.end());
    auto& inputs = out_.manifest.inputs;
    if (manifest.mode == Mode::kTree)
      inputs["tree"] = manifest.tree;
    else
      inputs["files"] = summary.inert_digest();
    inputs["object-format"] = git.object_format();
    inputs["submodules"] = joined(work.submodules);
    inputs["lfs"] = work.lfs;
    inputs["autocrlf"] = state.checkout.autocrlf;
    inputs["eol"] = state.checkout.eol;
    inputs["symlinks"] = state.checkout.symlinks;
    return workflow(git, summary);
  }

  Result<> nothing_missing(const Git& git, const std::string& ids) {
    std::string rest;
    bool missing = false;
    TRY(git.stream({"cat-file", "--batch-check=-", "--buffer"}, ids, [&](BytesView bytes) {
      rest.append(text(bytes));
      missing = missing || rest.find("missing") != std::string::npos;
      rest.erase(0, rest.rfind('\n') == std::string::npos ? 0 : rest.rfind('\n') + 1);
      return !missing;
    }));
    if (missing) return fail(Code::kBroken, "objects of the commit are missing in this repository");
    return {};
  }

  // The workflow's file, the reusable ones that it calls, and the configuration files that these name.
  Result<> workflow(const Git& git, const TreeSummary& summary) {
    auto& manifest = out_.manifest;
    const std::string reference = variable(environment_, "GITHUB_WORKFLOW_REF");
    out_.workflow = workflow_path(reference, asked_.repository);
    if (out_.workflow.empty() && summary.workflows().contains(variable(environment_, "GITHUB_WORKFLOW")))
      out_.workflow = variable(environment_, "GITHUB_WORKFLOW");
    if (out_.workflow.empty() && !reference.empty()) {
      const std::string where = reference.substr(0, reference.find('@'));
      manifest.inputs["workflow"] = where;
      manifest.floating.push_back(fmt::format("the workflow {} lies in another repository", where));
    }
    std::deque<std::string> files;
    if (!out_.workflow.empty()) files.push_back(out_.workflow);
    std::set<std::string> seen, variables, configurations;
    while (!files.empty()) {
      const std::string path = files.front();
      files.pop_front();
      if (!seen.insert(path).second) continue;
      if (seen.size() > kMostFiles) return fail(Code::kTooLarge, "the workflow calls too many others");
      TRY_ASSIGN(const std::string id, blob_of(git, path));
      if (id.empty()) {
        manifest.inputs["file:" + path] = "";
        manifest.floating.push_back(fmt::format("{} is not in the commit", path));
        continue;
      }
      manifest.inputs["file:" + path] = id;
      TRY_ASSIGN(const std::string content, git.blob(id));
      const WorkflowFacts facts = configurations.contains(path) ? read_config_file(content) : read_workflow(content);
      configurations.insert(facts.files.begin(), facts.files.end());
      files.insert(files.end(), facts.local.begin(), facts.local.end());
      files.insert(files.end(), facts.files.begin(), facts.files.end());
      variables.insert(facts.variables.begin(), facts.variables.end());
      for (const std::string& one : facts.floating) manifest.floating.push_back(one + " may move");
    }
    for (const std::string& name : variables)
      manifest.inputs["env:" + name] = secret_name(name) ? "(not shown)" : variable(environment_, name);
    return {};
  }

  // "" when the commit has no such file.
  Result<std::string> blob_of(const Git& git, const std::string& path) {
    std::string id;
    TRY(git.records({"ls-tree", "-z", "--full-tree", out_.manifest.commit, "--", ":(literal)" + path}, {},
                    [&](std::string_view record) {
                      const std::size_t tab = record.find('\t');
                      // mode SP "blob" SP oid TAB path
                      if (record.starts_with("100") && tab != std::string_view::npos && tab > 12)
                        id = record.substr(12, tab - 12);
                      return true;
                    }));
    return id;
  }

  void choices() {
    auto& manifest = out_.manifest;
    auto& inputs = manifest.inputs;
    inputs["repository"] = manifest.repository;
    if (const std::string id = variable(environment_, "GITHUB_REPOSITORY_ID"); !id.empty())
      inputs["repository-id"] = id;
    inputs["language"] = out_.language.name;
    inputs["category"] = out_.category;
    inputs["mode"] = mode_word(manifest.mode);
    inputs["config"] = config_text(asked_.config);
    inputs["build-mode"] = asked_.build_mode;
    inputs["tool-version"] = asked_.tool_version;
    if (asked_.tool_version.empty()) manifest.floating.push_back("the version of CodeQL is not known");
    for (const std::string& one : floating_of_config(inputs["config"])) manifest.floating.push_back(one + " may move");
    if (!variable(environment_, "CODEQL_ACTION_EXTRA_OPTIONS").empty())
      out_.doubts.push_back("CODEQL_ACTION_EXTRA_OPTIONS is set, which may change anything");
  }

  void machine() {
    auto& manifest = out_.manifest;
    auto& inputs = manifest.inputs;
    const std::string os = variable(environment_, "RUNNER_OS");
    inputs["os"] = os.empty() ? "Linux" : os;
    if (manifest.mode != Mode::kTree || !out_.language.built) return;
    // A build reads the machine: its compilers, headers and package caches.
    inputs["arch"] = variable(environment_, "RUNNER_ARCH");
    inputs["image"] = variable(environment_, "ImageOS");
    inputs["image-version"] = variable(environment_, "ImageVersion");
    if (inputs["image-version"].empty()) manifest.floating.push_back("the compilers of this machine are not known");
  }

  const Asked& asked_;
  const Environment& environment_;
  Subject out_;
};

}  // namespace

Result<> check_words(const Asked& asked) {
  TRY(find_language(asked.language));
  TRY(canonical_config(asked.config));
  if (!is_repository(asked.repository))
    return fail(Code::kInvalid,
                asked.repository.empty() ? "the repository is not known"
                                         : fmt::format("'{}' is no repository", asked.repository),
                "set GITHUB_REPOSITORY, or give --repo OWNER/REPO");
  if (!asked.commit.empty() && !full_id(asked.commit))
    return fail(Code::kInvalid, fmt::format("'{}' is no full commit SHA", asked.commit),
                "give all 40 hex digits: git rev-parse HEAD");
  for (const char* one : {"", "none", "autobuild", "manual"})
    if (asked.build_mode == one) return {};
  return fail(Code::kUsage, fmt::format("'{}' is no build mode", asked.build_mode), "one of none, autobuild, manual");
}

Result<Subject> examine(const Asked& asked, const Environment& environment) {
  TRY(check_words(asked));
  return Examiner(asked, environment).run();
}

}  // namespace rfs::codeql
