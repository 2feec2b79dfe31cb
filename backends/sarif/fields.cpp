#include "backends/sarif/fields.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace rfs::sarif {
namespace {

using enum Field;

// Sorted by where they stand.
constexpr FieldRule kTable[] = {
    {In::kLog, "version", kVersion},
    {In::kLog, "runs", kContainer, In::kNothing, In::kRuns},

    {In::kRun, "tool", kContainer, In::kTool},
    {In::kRun, "results", kContainer, In::kNothing, In::kResults},
    {In::kRun, "invocations", kContainer, In::kNothing, In::kInvocations},
    {In::kRun, "automationDetails", kContainer, In::kAutomation},
    {In::kRun, "properties", kContainer, In::kRunProperties},
    {In::kRun, "artifacts", kContainer, In::kNothing, In::kArtifacts},
    {In::kRun, "originalUriBaseIds", kContainer, In::kBases},
    {In::kRun, "externalPropertyFileReferences", kContainer, In::kExternal},

    {In::kTool, "driver", kContainer, In::kDriver},
    {In::kTool, "extensions", kContainer, In::kNothing, In::kExtensions},

    {In::kDriver, "name", kToolName},
    {In::kDriver, "version", kToolVersion},
    {In::kDriver, "semanticVersion", kToolSemanticVersion},
    {In::kDriver, "guid", kToolGuid},
    {In::kDriver, "rules", kContainer, In::kNothing, In::kRules},

    {In::kExtension, "name", kToolName},
    {In::kExtension, "version", kToolVersion},
    {In::kExtension, "semanticVersion", kToolSemanticVersion},
    {In::kExtension, "guid", kToolGuid},
    {In::kExtension, "rules", kContainer, In::kNothing, In::kRules},

    {In::kRule, "id", kRuleId},
    {In::kRule, "guid", kRuleGuid},
    {In::kRule, "defaultConfiguration", kContainer, In::kRuleConfiguration},
    {In::kRule, "properties", kContainer, In::kRuleProperties},

    {In::kRuleConfiguration, "level", kRuleLevel},

    {In::kRuleProperties, "security-severity", kRuleSeverity},
    {In::kRuleProperties, "tags", kContainer, In::kNothing, In::kTags},

    {In::kResult, "ruleId", kRefId},
    {In::kResult, "ruleIndex", kRefIndex},
    {In::kResult, "rule", kContainer, In::kResultRule},
    {In::kResult, "level", kResultLevel},
    {In::kResult, "kind", kResultKind},
    {In::kResult, "baselineState", kBaseline},
    {In::kResult, "message", kContainer, In::kMessage},
    {In::kResult, "suppressions", kContainer, In::kNothing, In::kSuppressions},
    {In::kResult, "provenance", kContainer, In::kProvenance},
    {In::kResult, "locations", kContainer, In::kNothing, In::kLocations},
    {In::kResult, "codeFlows", kContainer, In::kNothing, In::kCodeFlows},
    {In::kResult, "analysisTarget", kContainer, In::kResultFile},

    {In::kResultRule, "id", kRefId},
    {In::kResultRule, "index", kRefIndex},
    {In::kResultRule, "guid", kRefGuid},
    {In::kResultRule, "toolComponent", kContainer, In::kResultRuleComponent},

    {In::kResultRuleComponent, "index", kRefComponentIndex},
    {In::kResultRuleComponent, "name", kRefComponentName},
    {In::kResultRuleComponent, "guid", kRefComponentGuid},

    {In::kMessage, "text", kMessageText},
    {In::kMessage, "id", kMessageText},

    {In::kSuppression, "status", kSuppressionStatus},
    {In::kSuppression, "kind", kSuppressionKind},

    {In::kProvenance, "invocationIndex", kInvocationIndex},

    {In::kCodeFlow, "threadFlows", kContainer, In::kNothing, In::kThreadFlows},

    {In::kThreadFlow, "locations", kContainer, In::kNothing, In::kFlowLocations},

    {In::kResultFile, "uri", kUri},
    {In::kResultFile, "uriBaseId", kUriBase},
    {In::kResultFile, "index", kFileIndex},

    {In::kInside, "artifactLocation", kContainer, In::kResultFile},

    {In::kInvocation, "executionSuccessful", kSuccessful},
    {In::kInvocation, "exitSignalName", kSignal},
    {In::kInvocation, "processStartFailureMessage", kSignal},
    {In::kInvocation, "toolExecutionNotifications", kContainer, In::kNothing, In::kNotifications},
    {In::kInvocation, "toolConfigurationNotifications", kContainer, In::kNothing, In::kNotifications},
    {In::kInvocation, "ruleConfigurationOverrides", kContainer, In::kNothing, In::kOverrides},

    {In::kNotification, "level", kNotificationLevel},

    {In::kOverride, "configuration", kContainer, In::kOverrideConfiguration},
    {In::kOverride, "descriptor", kContainer, In::kOverrideRule},

    {In::kOverrideConfiguration, "level", kOverrideLevel},

    {In::kOverrideRule, "id", kRefId},
    {In::kOverrideRule, "index", kRefIndex},
    {In::kOverrideRule, "guid", kRefGuid},
    {In::kOverrideRule, "toolComponent", kContainer, In::kOverrideRuleComponent},

    {In::kOverrideRuleComponent, "index", kRefComponentIndex},
    {In::kOverrideRuleComponent, "name", kRefComponentName},
    {In::kOverrideRuleComponent, "guid", kRefComponentGuid},

    {In::kAutomation, "id", kCategory},

    {In::kRunProperties, "incrementalMode", kIncremental, In::kInside, In::kInsideList},

    {In::kArtifact, "location", kContainer, In::kArtifactFile},

    {In::kArtifactFile, "uri", kUri},
    {In::kArtifactFile, "uriBaseId", kUriBase},

    {In::kBase, "uri", kUri},
    {In::kBase, "uriBaseId", kUriBase},

    {In::kExternal, "results", kExternalResults, In::kInside, In::kInsideList},
};
constexpr std::size_t kRows = sizeof kTable / sizeof kTable[0];
constexpr std::size_t kPlaces = static_cast<std::size_t>(In::kExternal) + 1;

// Where the rows of each place begin.
struct Span {
  std::uint8_t first = 0, count = 0;
};
constexpr std::array<Span, kPlaces> spans() {
  std::array<Span, kPlaces> out{};
  for (std::size_t i = 0; i < kRows; ++i) {
    Span& span = out[static_cast<std::size_t>(kTable[i].in)];
    if (span.count == 0) span.first = static_cast<std::uint8_t>(i);
    ++span.count;
  }
  return out;
}
constexpr std::array<Span, kPlaces> kSpans = spans();

constexpr FieldRule kMoreInside{In::kInside, "", kContainer, In::kInside, In::kInsideList};
constexpr FieldRule kAnyBase{In::kBases, "", kContainer, In::kBase};

// Of names that differ most do so in length or at an end; a call for each row would cost more than the rest.
bool same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && (one.empty() || (one.front() == other.front() && one.back() == other.back() &&
                                                        std::memcmp(one.data(), other.data(), one.size()) == 0));
}

// Large members of results in which no file is named.
bool is_bulk(std::string_view name) {
  constexpr std::string_view kBulk[] = {"message",
                                        "region",
                                        "contextRegion",
                                        "properties",
                                        "partialFingerprints",
                                        "fingerprints",
                                        "address",
                                        "logicalLocations"};
  for (const std::string_view bulk : kBulk)
    if (same(name, bulk)) return true;
  return false;
}

}  // namespace

const FieldRule* find_field(In in, std::string_view name, std::uint32_t& bit) {
  const Span span = kSpans[static_cast<std::size_t>(in)];
  for (std::uint8_t i = 0; i < span.count; ++i) {
    const FieldRule& row = kTable[span.first + i];
    if (!same(row.name, name)) continue;
    bit = 1u << i;
    return &row;
  }
  bit = 0;
  switch (in) {
    case In::kBases:
      return &kAnyBase;
    case In::kResult:
    case In::kInside:
    case In::kCodeFlow:
    case In::kThreadFlow:
      return is_bulk(name) ? nullptr : &kMoreInside;
    default:
      return nullptr;
  }
}

In object_in(In array) {
  switch (array) {
    case In::kTop:
      return In::kLog;
    case In::kRuns:
      return In::kRun;
    case In::kExtensions:
      return In::kExtension;
    case In::kRules:
      return In::kRule;
    case In::kResults:
      return In::kResult;
    case In::kSuppressions:
      return In::kSuppression;
    case In::kCodeFlows:
      return In::kCodeFlow;
    case In::kThreadFlows:
      return In::kThreadFlow;
    case In::kLocations:
    case In::kFlowLocations:
    case In::kInsideList:
    case In::kTags:
      return In::kInside;
    case In::kInvocations:
      return In::kInvocation;
    case In::kNotifications:
      return In::kNotification;
    case In::kOverrides:
      return In::kOverride;
    case In::kArtifacts:
      return In::kArtifact;
    default:
      return In::kNothing;
  }
}

In array_in(In array) { return array == In::kInsideList || array == In::kTags ? In::kInsideList : In::kNothing; }

}  // namespace rfs::sarif
