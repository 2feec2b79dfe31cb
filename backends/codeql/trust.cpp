#include "backends/codeql/trust.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace rfs::codeql {
namespace {

std::string variable(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

void read_payload(const nlohmann::json& payload, ScanEvent& out) {
  if (!payload.is_object()) return;
  if (const auto repository = payload.find("repository"); repository != payload.end() && repository->is_object())
    if (const auto branch = repository->find("default_branch"); branch != repository->end() && branch->is_string())
      out.default_branch = branch->get<std::string>();
  const auto pull = payload.find("pull_request");
  if (pull == payload.end() || !pull->is_object()) return;
  if (const auto number = pull->find("number"); number != pull->end() && number->is_number_unsigned())
    out.pull = std::to_string(number->get<std::uint64_t>());
}

// refs/pull/12/merge → 12.
std::string pull_of_ref(std::string_view ref) {
  constexpr std::string_view kPulls = "refs/pull/";
  if (!ref.starts_with(kPulls)) return {};
  ref.remove_prefix(kPulls.size());
  return std::string(ref.substr(0, ref.find('/')));
}

bool on_default_branch(const ScanEvent& event) {
  if (!event.default_branch.empty()) return event.ref == "refs/heads/" + event.default_branch;
  // A runner always writes the payload; where a person stands in for one, the usual names are taken for what they say.
  return event.ref == "refs/heads/main" || event.ref == "refs/heads/master";
}

}  // namespace

ScanEvent scan_event(const Variables& variables, const FileReader& read) {
  ScanEvent out;
  out.job = job_event(variables, read);
  out.ref = variable(variables, "GITHUB_REF");
  out.ref_protected = variable(variables, "GITHUB_REF_PROTECTED") == "true";
  if (const std::string path = variable(variables, "GITHUB_EVENT_PATH"); !path.empty())
    if (const auto text = read(path))
      if (const auto payload = parse_json(*text)) read_payload(*payload, out);
  if (out.pull.empty()) out.pull = pull_of_ref(out.ref);
  return out;
}

std::string trust_class(const ScanEvent& event) {
  const std::string& name = event.job.name;
  if (name.empty()) return "local";
  const bool others = event.job.pull_request() || name == "workflow_run";
  if (event.job.dependabot || (others && !event.job.same_repository())) return "fork";
  if (name == "pull_request") return event.pull.empty() ? "fork" : "pull:" + event.pull;
  // What is in a merge queue was approved, and is what its branch will be.
  if (name == "merge_group") return "default";
  if (name == "push" || name == "schedule" || name == "workflow_dispatch" || name == "release") {
    if (event.ref_protected || on_default_branch(event)) return "default";
    return event.ref.empty() ? "event:" + name : "ref:" + event.ref;
  }
  return "event:" + name;
}

bool may_rely(const std::string& reader, const std::string& stored) {
  if (stored == "fork" || stored.empty()) return false;
  return stored == "default" || stored == reader;
}

std::string lower_trust(const std::string& one, const std::string& other) {
  if (one == other || other == "default") return one.empty() ? "fork" : one;
  if (one == "default" && !other.empty()) return other;
  return "fork";
}

std::string trust_words(const std::string& trust) {
  if (trust == "default") return "the default or a protected branch";
  if (trust == "local") return "a machine outside of jobs";
  if (trust == "fork") return "a fork or Dependabot";
  if (trust.starts_with("ref:")) return trust.substr(4);
  if (trust.starts_with("pull:")) return "pull request " + trust.substr(5);
  if (trust.starts_with("event:")) return "an event " + trust.substr(6);
  return "nobody knows whom";
}

std::string always_scans(const ScanEvent& event) {
  if (event.job.name == "schedule" || event.job.name == "workflow_dispatch")
    return fmt::format("the event is {}, which is there to scan with today's queries", event.job.name);
  return {};
}

}  // namespace rfs::codeql
