// The event that runs this job, as the runner's variables and the payload tell it. Pure over a map and a reader of
// files.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace rfs {

using Variables = std::map<std::string, std::string>;
// The content of a file, nullopt when it cannot be read.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

struct JobEvent {
  std::string name;         // GITHUB_EVENT_NAME
  bool dependabot = false;  // GITHUB_ACTOR or GITHUB_TRIGGERING_ACTOR is Dependabot
  // Of pull_request* and workflow_run only: whether the payload (GITHUB_EVENT_PATH) could be read, and the repositories
  // that it names, "octo/hello"; "" when it does not (the fork may be deleted).
  bool payload = false;
  std::string head, base;

  bool pull_request() const { return name.starts_with("pull_request"); }
  // Whether head and base are known to be one repository. GitHub's names are not case-sensitive.
  bool same_repository() const;
};

JobEvent job_event(const Variables& variables, const FileReader& read);

}  // namespace rfs
