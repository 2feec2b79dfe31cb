// What the reader tells of a SARIF file: everything of it that is kept beside the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rfs::sarif {

// Where a result counts in severity_breakdown: by its rule's security-severity, else by its level.
enum class Severity : std::uint8_t { kCritical, kHigh, kMedium, kLow, kError, kWarning, kNote, kNone };
inline constexpr std::size_t kSeverities = 8;
std::string_view severity_word(Severity severity);  // "critical" …

struct Run {
  std::string tool;      // driver.name
  std::string version;   // driver.semanticVersion, else version; may be empty
  std::string category;  // automationDetails.id up to its last '/', as GitHub takes it; may be empty
  std::uint64_t results = 0;
  std::uint64_t rules = 0;
  std::uint64_t artifacts = 0;  // files that the tool says it has seen
};

struct Facts {
  std::vector<Run> runs;
  std::uint64_t alerts = 0;                             // all results
  std::uint64_t suppressed = 0;                         // with an accepted suppression
  std::uint64_t absent = 0;                             // baselineState "absent": gone since the baseline
  std::uint64_t active = 0;                             // neither suppressed nor absent
  std::array<std::uint64_t, kSeverities> severities{};  // each active result once
  // What GitHub would refuse or cut when it is uploaded, and what is odd. Sentences.
  std::vector<std::string> warnings;
  // The files that results name, relative to the root of the repository, sorted, each once.
  std::vector<std::string> paths;
  // Why `paths` does not say it all: then the results cannot be compared with another commit. "" when it does.
  std::string paths_lack;

  std::uint64_t severity(Severity which) const { return severities[static_cast<std::size_t>(which)]; }
};

// {"alerts_count": …, "active": …, "suppressed": …, "absent": …, "severity_breakdown": {…}, "tool": …, "version": …,
// "category": …, "runs": […], "warnings": […]} as members without the braces, so that a caller can add its own.
std::string summary_members(const Facts& facts);

}  // namespace rfs::sarif
