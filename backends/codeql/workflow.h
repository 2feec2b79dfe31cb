// What a workflow file, an action or a configuration file of CodeQL says that a scan depends on, and that its own blob
// does not hold still: variables, reusable workflows, references that move. Read by lines and words rather than as YAML:
// what is taken for more than it is costs a scan, no more. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rfs::codeql {

struct WorkflowFacts {
  std::vector<std::string> variables;  // names of CODEQL_* and LGTM_* that it sets; sorted
  std::vector<std::string> local;      // reusable workflows of this repository: ".github/workflows/scan.yml"; sorted
  std::vector<std::string> files;      // configuration files of this repository: ".github/codeql.yml"; sorted
  // References that may mean something else tomorrow: "github/codeql-action/init@v3"; sorted.
  std::vector<std::string> floating;
};

WorkflowFacts read_workflow(std::string_view text);
// The same of a configuration file of CodeQL, where each `uses:` names queries.
WorkflowFacts read_config_file(std::string_view text);
// The same of a configuration given as JSON on the command line: queries, packs, config-file.
std::vector<std::string> floating_of_config(std::string_view canonical);

// ".github/workflows/scan.yml" of GITHUB_WORKFLOW_REF ("octo/hello/.github/workflows/scan.yml@refs/heads/main"), where
// it lies in `repository`; "" otherwise.
std::string workflow_path(std::string_view workflow_ref, std::string_view repository);

}  // namespace rfs::codeql
