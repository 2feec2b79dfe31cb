#include "cli/action_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/codeql/languages.h"
#include "backends/codeql/workflow.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/action_credentials.h"
#include "cli/action_job.h"

namespace rfs {
namespace {

// Of the init step: what decides what a scan finds. What is left out (threads, ram, tokens, debug) does not.
constexpr const char* kDeciding[] = {"queries", "packs", "config-file", "config", "source-root", "analysis-kinds", "quality-queries",
                                     "registries", "setup-python-dependencies"};

struct JobWords {
  const ActionStep& step;
  ScanSteps steps;
  std::string without_steps;  // why the workflow file says nothing

  // An input of this step wins; "" when neither says anything. kInvalid: the workflow says something that nobody can
  // evaluate here.
  Result<std::string> word(const std::string& which, const std::string& name) const {
    if (step.has(name)) return step.input(name);
    if (const auto open = steps.unresolved.find(which + " " + name); open != steps.unresolved.end())
      return fail(Code::kInvalid, fmt::format("the {} step's {} is an expression that cannot be evaluated here: {}", which, name, open->second),
                  fmt::format("give it to this step, too: {}: …", name));
    const auto& with = which == "init" ? steps.init_with : steps.analyze_with;
    const auto found = with.find(name);
    return found == with.end() ? "" : found->second;
  }
};

JobWords words_of_job(const ActionStep& step) {
  JobWords out{step, {}, ""};
  const std::string path = codeql::workflow_path(step.variable("GITHUB_WORKFLOW_REF"), step.variable("GITHUB_REPOSITORY"));
  if (path.empty()) {
    out.without_steps = "the workflow file is not one of this repository";
    return out;
  }
  const auto text = read_file(step.variable("GITHUB_WORKSPACE") + "/" + path, 1u << 20);
  if (!text) {
    out.without_steps = fmt::format("{} cannot be read: is the repository checked out before this step?", path);
    return out;
  }
  auto steps = scan_steps(*text, step.variable("GITHUB_JOB"), step.input("matrix"));
  if (!steps)
    out.without_steps = steps.error().message;
  else if (!steps->init)
    out.without_steps = fmt::format("the job {} has no init step of codeql-action", step.variable("GITHUB_JOB"));
  else
    out.steps = std::move(*steps);
  return out;
}

// A plain suite stands for itself, nothing for the default one; all else is a document of all that was said.
Result<std::string> config_of_job(const JobWords& words) {
  nlohmann::json document = nlohmann::json::object();
  for (const char* name : kDeciding) {
    TRY_ASSIGN(const std::string value, words.word("init", name));
    if (!value.empty()) document[name] = value;
  }
  if (document.empty()) return std::string("default");
  const auto queries = document.find("queries");
  if (document.size() == 1 && queries != document.end()) {
    const std::string text = queries->get<std::string>();
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (std::all_of(text.begin(), text.end(), plain)) return text;
  }
  return dump_python(document);
}

std::string category_of_job(const ActionStep& step, const std::string& given) {
  if (!given.empty()) return given;
  const std::string path = codeql::workflow_path(step.variable("GITHUB_WORKFLOW_REF"), step.variable("GITHUB_REPOSITORY"));
  return path.empty() ? "" : usual_category(path, step.variable("GITHUB_JOB"), step.input("matrix"));
}

}  // namespace

std::string tool_version_of(std::string_view tools) {
  constexpr std::string_view kBundle = "codeql-bundle-v";
  if (const std::size_t at = tools.find(kBundle); at != std::string_view::npos) tools.remove_prefix(at + kBundle.size());
  if (tools.starts_with("v")) tools.remove_prefix(1);
  const std::size_t end = std::min(tools.find_first_not_of("0123456789."), tools.size());
  if (end < tools.size() && tools[end] != '/') return {};
  std::string out(tools.substr(0, end));
  return std::count(out.begin(), out.end(), '.') == 2 && out.front() != '.' && out.back() != '.' ? out : "";
}

Result<std::vector<PlannedScan>> planned_scans(const ActionStep& step) {
  const JobWords words = words_of_job(step);
  TRY_ASSIGN(const std::string languages, words.word("init", "languages"));
  if (languages.empty()) {
    if (!words.without_steps.empty())
      return fail(Code::kInvalid, words.without_steps, "give this step the inputs languages, queries and category");
    return fail(Code::kInvalid, "the init step names no languages, so that GitHub chooses them", "name them: languages: python");
  }
  PlannedScan common;
  TRY_ASSIGN(common.config, config_of_job(words));
  TRY_ASSIGN(common.build_mode, words.word("init", "build-mode"));
  TRY_ASSIGN(const std::string tools, words.word("init", "tools"));
  common.tool_version = tool_version_of(tools);
  TRY_ASSIGN(const std::string category, words.word("analyze", "category"));
  common.category = category_of_job(step, category);
  std::vector<PlannedScan> out;
  for (const std::string& name : names_in(languages)) {
    TRY_ASSIGN(const codeql::Language language, codeql::find_language(name));
    const auto same = [&](const PlannedScan& one) { return one.language == language.name; };
    if (std::any_of(out.begin(), out.end(), same)) continue;
    out.push_back(common);
    out.back().language = language.name;
  }
  if (out.empty()) return fail(Code::kInvalid, "no language is named", "name them: languages: python");
  return out;
}

std::string scans_text(const std::vector<PlannedScan>& scans) {
  nlohmann::json out = nlohmann::json::array();
  for (const PlannedScan& one : scans)
    out.push_back({one.language, one.config, one.category, one.build_mode, one.tool_version});
  return dump_line(out);
}

Result<std::vector<PlannedScan>> parse_scans(const std::string& text) {
  TRY_ASSIGN(const nlohmann::json document, parse_json(text));
  std::vector<PlannedScan> out;
  for (const auto& one : document) {
    if (!one.is_array() || one.size() != 5 || !std::all_of(one.begin(), one.end(), [](const auto& word) { return word.is_string(); }))
      return fail(Code::kInvalid, "what main kept is not what post expects");
    out.push_back({one[0], one[1], one[2], one[3], one[4]});
  }
  return out;
}

}  // namespace rfs
