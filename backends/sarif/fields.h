// The members of a SARIF file that are read: one table, from where they stand to what they are. All others are checked
// as JSON and passed over.
#pragma once

#include <cstdint>
#include <string_view>

namespace rfs::sarif {

// Which object or array the reader is in.
enum class In : std::uint8_t {
  kNothing,
  kTop,  // outside of the document
  kLog,
  kRuns,
  kRun,
  kTool,
  kDriver,
  kExtensions,
  kExtension,
  kRules,
  kRule,
  kRuleConfiguration,
  kRuleProperties,
  kTags,
  kResults,
  kResult,
  kResultRule,
  kResultRuleComponent,
  kMessage,
  kSuppressions,
  kSuppression,
  kProvenance,
  kLocations,
  kCodeFlows,
  kCodeFlow,
  kThreadFlows,
  kThreadFlow,
  kFlowLocations,
  kResultFile,
  kInside,      // an object of a result that is only searched for files
  kInsideList,  // an array of these
  kInvocations,
  kInvocation,
  kNotifications,
  kNotification,
  kOverrides,
  kOverride,
  kOverrideConfiguration,
  kOverrideRule,
  kOverrideRuleComponent,
  kAutomation,
  kRunProperties,
  kArtifacts,
  kArtifact,
  kArtifactFile,
  kBases,
  kBase,
  kExternal,
};

// A member of interest. Those of scalars are what Reader stores; the others only lead on.
enum class Field : std::uint8_t {
  kNone,
  kContainer,  // an object or array that is entered
  kVersion,
  kToolName,
  kToolVersion,
  kToolSemanticVersion,
  kToolGuid,
  kRuleId,
  kRuleGuid,
  kRuleLevel,
  kRuleSeverity,
  kRefId,
  kRefGuid,
  kRefIndex,
  kResultLevel,
  kResultKind,
  kBaseline,
  kRefComponentIndex,
  kRefComponentName,
  kRefComponentGuid,
  kMessageText,
  kSuppressionStatus,
  kSuppressionKind,
  kInvocationIndex,
  kUri,
  kUriBase,
  kFileIndex,
  kSuccessful,
  kSignal,
  kNotificationLevel,
  kOverrideLevel,
  kCategory,
  kIncremental,
  kExternalResults,
};

struct FieldRule {
  In in;
  std::string_view name;
  Field field;
  In object = In::kNothing;  // what an object there is; kNothing: it may be none
  In array = In::kNothing;   // and an array
};

// Null: passed over. bit: of this member among those of its object, for finding it twice.
const FieldRule* find_field(In in, std::string_view name, std::uint32_t& bit);
// What the objects and arrays in an array are. kNothing: there may be none.
In object_in(In array);
In array_in(In array);

}  // namespace rfs::sarif
