#include "backends/cache/operations.h"

namespace rfs {
namespace {

struct OperationTtl {
  std::string_view operation;
  int seconds;
};
constexpr OperationTtl kTtls[] = {
    {"list_repos", 600},      {"get_repo_info", 300}, {"list_workflows", 300},   {"get_workflow_runs", 120},
    {"get_workflow_run", 60}, {"list_runners", 300},  {"get_runner_status", 60}, {"copilot_completion", 3600},
    {"codeql", 86400},        {"codeql_scan", 86400},
};

}  // namespace

std::string_view operation_of(std::string_view key) { return key.substr(0, key.find(':')); }

std::optional<int> operation_ttl(std::string_view operation) {
  for (const OperationTtl& one : kTtls)
    if (one.operation == operation) return one.seconds;
  return std::nullopt;
}

}  // namespace rfs
