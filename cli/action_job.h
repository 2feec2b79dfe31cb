// The scan that a job is about to run, read from its own workflow file: what stands in `with:` of the init and analyze
// steps of github/codeql-action. Pure; a workflow file of a stranger is welcome.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

struct ScanSteps {
  bool init = false, analyze = false;  // whether the job has them
  // `with:` of both, expressions of the matrix filled in.
  std::map<std::string, std::string> init_with, analyze_with;
  // "init languages" → the expression that could not be evaluated.
  std::map<std::string, std::string> unresolved;
};

// job: GITHUB_JOB. matrix: JSON of the matrix context, "null" or "" when there is none. kInvalid: no YAML, or no such
// job in it (a reusable workflow's is in another file). Several init steps are kInvalid: which one counts is not known.
Result<ScanSteps> scan_steps(const std::string& workflow, const std::string& job, std::string_view matrix);

// ${{ matrix.NAME }} and ${{ matrix['NAME'] }} replaced; nullopt when anything else is left to evaluate.
std::optional<std::string> filled_in(std::string_view text, std::string_view matrix);

// The category that codeql-action gives an analysis without one: the workflow's path, the job and the matrix.
std::string usual_category(const std::string& workflow_path, const std::string& job, std::string_view matrix);

}  // namespace rfs
