// Context: what a mount is for. Fixed when mounting, by options, else by the environment of the mounting process; never
// taken from a reader, who is an Accessor (audit.h). Pure.
#pragma once

#include <string>

#include "backends/github/event.h"

namespace rfs {

struct Context {
  std::string repository;     // "octo/hello"; "" unknown
  std::string repository_id;  // decimal; "" unknown
  std::string workflow_file;  // "build.yml", from GITHUB_WORKFLOW_REF or --workflow
  std::string workflow_name;  // GITHUB_WORKFLOW: an alias below .scopes/workflow/<name>/
  std::string runner_id;
  std::string event;            // GITHUB_EVENT_NAME
  std::string head_repository;  // of a pull request
  std::string actor;
  // True where GitHub itself gives no secrets: pull_request from a fork, Dependabot. `untrusted_why` says which.
  bool untrusted = false;
  std::string untrusted_why;
};

// "" : not given. A value that only repeats its variable counts as not given.
struct ContextOptions {
  std::string repository;  // "octo/hello"
  std::string workflow;    // "build.yml", a path that ends with it, or a workflow's name
  std::string runner_id;
};

// GITHUB_REPOSITORY, GITHUB_REPOSITORY_ID, GITHUB_WORKFLOW_REF, GITHUB_WORKFLOW, RUNNER_NAME, GITHUB_EVENT_NAME,
// GITHUB_EVENT_PATH (head repository), GITHUB_ACTOR, GITHUB_TRIGGERING_ACTOR. What the variables say of another
// repository than the option's is left out: its id and its workflow. A repository that is not of the form owner/repo is
// unknown. A pull request whose payload cannot be read counts as one from a fork.
Context make_context(const ContextOptions& options, const Variables& variables, const FileReader& read);

// "octo/hello": an owner and a name as GitHub allows them, in any case.
bool is_repository(std::string_view text);

}  // namespace rfs
