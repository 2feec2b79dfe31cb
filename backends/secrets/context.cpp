#include "backends/secrets/context.h"

#include <strings.h>

#include <algorithm>

namespace rfs {
namespace {

std::string variable(const Variables& variables, const char* name) {
  const auto at = variables.find(name);
  return at == variables.end() ? "" : at->second;
}

bool same(const std::string& a, const std::string& b) { return ::strcasecmp(a.c_str(), b.c_str()) == 0; }

bool is_workflow_file(std::string_view text) { return text.ends_with(".yml") || text.ends_with(".yaml"); }

std::string last_component(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// "octo/hello/.github/workflows/build.yml@refs/heads/main" → "build.yml", when it is a workflow of `repository`: one
// that an organisation runs from elsewhere has no secrets in that repository's name.
std::string file_of_ref(const std::string& ref, const std::string& repository) {
  const std::string path = ref.substr(0, ref.find('@'));
  constexpr std::string_view kFolder = "/.github/workflows/";
  const auto at = path.find(kFolder);
  if (at == std::string::npos || !same(path.substr(0, at), repository)) return {};
  return path.substr(at + kFolder.size());
}

void set_workflow(Context& context, const std::string& text) {
  if (is_workflow_file(text))
    context.workflow_file = last_component(text);
  else
    context.workflow_name = text;
}

// Any file of a repository may call itself by any name, so a name never stands for a file where the file is known.
void set_workflow_of_job(Context& context, const std::string& name, const std::string& ref) {
  if (ref.empty()) return set_workflow(context, name);
  context.workflow_file = file_of_ref(ref, context.repository);
  if (!context.workflow_file.empty() && !is_workflow_file(name)) context.workflow_name = name;
}

// GitHub gives secrets to pull_request_target and workflow_run, also when a fork is behind them.
std::string untrusted_why(const JobEvent& event) {
  if (event.dependabot) return "the event was caused by Dependabot";
  if (!event.pull_request() || event.name == "pull_request_target") return {};
  if (!event.payload) return "the event is a " + event.name + " whose payload cannot be read";
  if (event.head.empty() || event.base.empty())
    return "the event is a " + event.name + " whose head repository is not known";
  return event.same_repository() ? "" : "the event is a " + event.name + " from a fork";
}

}  // namespace

bool is_repository(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view owner = text.substr(0, slash), name = text.substr(slash + 1);
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !owner.empty() && owner.size() <= 100 && std::all_of(owner.begin(), owner.end(), plain) && !name.empty() &&
         name.size() <= 100 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '.'; });
}

Context make_context(const ContextOptions& options, const Variables& variables, const FileReader& read) {
  Context context;
  const std::string job = variable(variables, "GITHUB_REPOSITORY");
  context.repository = options.repository.empty() ? job : options.repository;
  if (!is_repository(context.repository)) context.repository.clear();
  context.runner_id = options.runner_id.empty() ? variable(variables, "RUNNER_NAME") : options.runner_id;

  const std::string name = variable(variables, "GITHUB_WORKFLOW");
  const bool of_this_job = job.empty() || same(job, context.repository);
  if (of_this_job) {
    if (!job.empty()) context.repository_id = variable(variables, "GITHUB_REPOSITORY_ID");
    if (options.workflow.empty() || options.workflow == name)
      set_workflow_of_job(context, name, variable(variables, "GITHUB_WORKFLOW_REF"));
  }
  if (!options.workflow.empty() && options.workflow != name) set_workflow(context, options.workflow);

  const JobEvent event = job_event(variables, read);
  context.event = event.name;
  context.head_repository = event.pull_request() ? event.head : "";
  context.actor = variable(variables, "GITHUB_ACTOR");
  context.untrusted_why = untrusted_why(event);
  context.untrusted = !context.untrusted_why.empty();
  return context;
}

}  // namespace rfs
