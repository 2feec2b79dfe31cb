// The scans that a job is about to run, one a language, from the inputs of setup-codeql-cache and, where they say nothing,
// from the job's own workflow file. What cannot be told is no guess: then the scan runs.
#pragma once

#include <string>
#include <vector>

#include "cli/action.h"

namespace rfs {

struct PlannedScan {
  std::string language;      // canonical: "javascript"
  std::string config;        // for `codeql check --config`: a suite, or JSON of all that the init step was given
  std::string category;
  std::string build_mode;
  std::string tool_version;  // "" unknown
};

// kInvalid, kUsage: why that cannot be told; the scan runs, and this is its reason.
Result<std::vector<PlannedScan>> planned_scans(const ActionStep& step);

// "2.20.1" of a version, or of the URL or name of a bundle; "" for what moves (latest, nightly) or is unknown. Pure.
std::string tool_version_of(std::string_view tools);

// For post: the scans as one text, and back. kInvalid for what is none.
std::string scans_text(const std::vector<PlannedScan>& scans);
Result<std::vector<PlannedScan>> parse_scans(const std::string& text);

}  // namespace rfs
