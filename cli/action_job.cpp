#include "cli/action_job.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace rfs {
namespace {

constexpr std::size_t kMostWorkflow = 1u << 20;
constexpr std::string_view kActionOf = "github/codeql-action/";

std::string scalar_text(const YAML::Node& node) { return node.IsScalar() ? node.Scalar() : std::string(); }

// "init" of "github/codeql-action/init@v4"; "" for other steps.
std::string codeql_step(const YAML::Node& step) {
  if (!step.IsMap() || !step["uses"] || !step["uses"].IsScalar()) return {};
  const std::string uses = step["uses"].Scalar();
  if (!uses.starts_with(kActionOf)) return {};
  return uses.substr(kActionOf.size(), uses.find('@') - kActionOf.size());
}

void take_with(const YAML::Node& step, const std::string& which, std::string_view matrix, ScanSteps& out,
               std::map<std::string, std::string>& into) {
  const YAML::Node with = step["with"];
  if (!with || !with.IsMap()) return;
  for (const auto& entry : with) {
    const std::string name = scalar_text(entry.first), text = scalar_text(entry.second);
    if (auto value = filled_in(text, matrix))
      into[name] = std::move(*value);
    else
      out.unresolved[which + " " + name] = text;
  }
}

Result<ScanSteps> walk_job(const YAML::Node& document, const std::string& job, std::string_view matrix) {
  const YAML::Node jobs = document.IsMap() ? document["jobs"] : YAML::Node();
  const YAML::Node own = jobs && jobs.IsMap() ? jobs[job] : YAML::Node();
  if (!own || !own.IsMap())
    return fail(Code::kInvalid, fmt::format("the workflow file has no job '{}'", job),
                "give the inputs languages, queries and category");
  ScanSteps out;
  const YAML::Node steps = own["steps"];
  if (!steps || !steps.IsSequence()) return out;
  for (const YAML::Node& step : steps) {
    const std::string name = codeql_step(step);
    if (name == "init") {
      if (out.init)
        return fail(Code::kInvalid, "the job has several init steps of codeql-action", "give the inputs languages and queries");
      out.init = true;
      take_with(step, "init", matrix, out, out.init_with);
    } else if (name == "analyze" && !out.analyze) {
      out.analyze = true;
      take_with(step, "analyze", matrix, out, out.analyze_with);
    }
  }
  return out;
}

// The name in "matrix.NAME" or "matrix['NAME']"; "" for any other expression.
std::string matrix_name(std::string_view expression) {
  expression = trimmed(expression);
  if (!expression.starts_with("matrix")) return {};
  expression.remove_prefix(6);
  std::string_view name;
  if (expression.starts_with("['") && expression.ends_with("']") && expression.size() > 4)
    name = expression.substr(2, expression.size() - 4);
  else if (expression.starts_with("."))
    name = expression.substr(1);
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return {};
  return std::string(name);
}

std::optional<std::string> matrix_value(const nlohmann::json& matrix, const std::string& name) {
  if (!matrix.is_object()) return std::nullopt;
  const auto found = matrix.find(name);
  if (found == matrix.end() || found->is_null()) return std::string();  // as the runner evaluates it
  if (found->is_string()) return found->get<std::string>();
  if (found->is_structured()) return std::nullopt;
  return dump_line(*found);
}

}  // namespace

std::optional<std::string> filled_in(std::string_view text, std::string_view matrix) {
  std::string out;
  nlohmann::json known;
  while (true) {
    const std::size_t begin = text.find("${{");
    if (begin == std::string_view::npos) return out.append(text);
    const std::size_t end = text.find("}}", begin);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string name = matrix_name(text.substr(begin + 3, end - begin - 3));
    if (name.empty()) return std::nullopt;
    if (known.is_null())
      if (auto parsed = parse_json(matrix.empty() ? "null" : matrix)) known = std::move(*parsed);
    const auto value = matrix_value(known, name);
    if (!value) return std::nullopt;
    out.append(text.substr(0, begin)).append(*value);
    text.remove_prefix(end + 2);
  }
}

Result<ScanSteps> scan_steps(const std::string& workflow, const std::string& job, std::string_view matrix) {
  if (workflow.size() > kMostWorkflow) return fail(Code::kTooLarge, "the workflow file is larger than 1 MiB");
  try {
    return walk_job(YAML::Load(workflow), job, matrix);
  } catch (const std::exception&) {
    return fail(Code::kInvalid, "the workflow file is no YAML", "give the inputs languages, queries and category");
  }
}

std::string usual_category(const std::string& workflow_path, const std::string& job, std::string_view matrix) {
  std::string out = workflow_path + ":" + job;
  const auto known = parse_json(matrix.empty() ? "null" : matrix);
  if (!known || !known->is_object()) return out;
  for (const auto& [name, value] : known->items())  // sorted by name
    out += fmt::format("/{}:{}", name, value.is_string() ? value.get<std::string>() : "");
  return out;
}

}  // namespace rfs
