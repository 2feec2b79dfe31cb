#include "backends/codeql/identity.h"

#include <fmt/format.h>

namespace rfs::codeql {
namespace {

std::string_view without_last_slash(std::string_view category) {
  if (category.ends_with('/')) category.remove_suffix(1);
  return category;
}

}  // namespace

Result<> check_scan(const Subject& subject, const sarif::Facts& facts) {
  const auto version = subject.manifest.inputs.find("tool-version");
  for (const sarif::Run& run : facts.runs) {
    if (run.tool != "CodeQL")
      return fail(Code::kInvalid, fmt::format("the tool of the result is {}, not CodeQL", run.tool),
                  "store results of other tools by writing them below codeql/ of a mount");
    if (version != subject.manifest.inputs.end() && !version->second.empty() && run.version != version->second)
      return fail(Code::kInvalid,
                  fmt::format("the result is of version {} of CodeQL, not {}",
                              run.version.empty() ? "(not said)" : run.version, version->second),
                  "give the version that made it: --tool-version");
    if (!run.category.empty() && without_last_slash(run.category) != without_last_slash(subject.category))
      return fail(Code::kInvalid,
                  fmt::format("the category of the result is '{}', not '{}'", run.category, subject.category),
                  "give the category that it was made with: --category");
  }
  return {};
}

std::string not_reusable(const sarif::Facts& facts) {
  if (facts.runs.size() != 1) return fmt::format("it has {} runs, and only one can stand for a scan", facts.runs.size());
  return facts.paths_lack;
}

}  // namespace rfs::codeql
