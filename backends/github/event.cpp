#include "backends/github/event.h"

#include <strings.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace rfs {
namespace {

std::string variable(const Variables& variables, const char* name) {
  const auto at = variables.find(name);
  return at == variables.end() ? "" : at->second;
}

std::string text_at(const nlohmann::json& document, std::initializer_list<const char*> names) {
  const nlohmann::json* at = &document;
  for (const char* name : names) {
    if (!at->is_object() || !at->contains(name)) return {};
    at = &(*at)[name];
  }
  return at->is_string() ? at->get<std::string>() : "";
}

}  // namespace

bool JobEvent::same_repository() const { return !head.empty() && ::strcasecmp(head.c_str(), base.c_str()) == 0; }

JobEvent job_event(const Variables& variables, const FileReader& read) {
  JobEvent event;
  event.name = variable(variables, "GITHUB_EVENT_NAME");
  for (const char* name : {"GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"})
    event.dependabot = event.dependabot || variable(variables, name) == "dependabot[bot]";
  if (!event.pull_request() && event.name != "workflow_run") return event;
  const auto text = read(variable(variables, "GITHUB_EVENT_PATH"));
  if (!text) return event;
  event.payload = true;
  const auto document = parse_json(*text);
  if (!document) return event;
  event.head = event.pull_request() ? text_at(*document, {"pull_request", "head", "repo", "full_name"})
                                    : text_at(*document, {"workflow_run", "head_repository", "full_name"});
  event.base = text_at(*document, {"repository", "full_name"});
  return event;
}

}  // namespace rfs
