// Rules: the rules of one run, what its results say of them, and which level and severity that comes to. Results may
// stand before the rules they name, so results are counted by what they say, and resolved when the run has ended.
// SARIF 2.1.0 3.19, 3.27.5–3.27.10, 3.49, 3.51, 3.52. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/sarif/facts.h"
#include "base/result.h"

namespace rfs::sarif {

enum class Level : std::uint8_t { kUnsaid, kNone, kNote, kWarning, kError };
// Nullopt for a word that is none of them.
std::optional<Level> level_of(std::string_view word);

// reportingDescriptor.
struct Rule {
  std::string id, guid;
  Level level = Level::kUnsaid;  // defaultConfiguration.level
  float severity = 0;            // properties["security-severity"]; 0: none, or not valid
};

// toolComponent: driver or extension.
struct Component {
  std::string name, version, semantic_version, guid;
  std::vector<Rule> rules;
};

// reportingDescriptorReference; ruleId and ruleIndex of a result are one too.
struct RuleRef {
  std::string id, guid, component_name, component_guid;
  std::int64_t index = -1;
  std::int64_t component = -1;  // index into tool.extensions; -1: not said

  void clear();
};

// What decides a result's level beside its rule.
struct Saying {
  Level level = Level::kUnsaid;
  bool fails = true;  // kind is "fail", or not said
  bool suppressed = false;
  bool absent = false;
  std::int64_t invocation = -1;  // provenance.invocationIndex
};

class Rules {
 public:
  // Beyond these a file is refused (kTooLarge) instead of kept in memory.
  static constexpr std::size_t kRulesMost = 50'000, kTextMost = 8u << 20, kRefsMost = 50'000, kOverridesMost = 10'000,
                               kExtensionsMost = 10'000;

  Component driver;
  std::vector<Component> extensions;

  // A component is whole; a rule was added to it.
  Result<> named(const Component& component);
  Result<> added(const Rule& rule);
  Result<> count(const RuleRef& ref, const Saying& saying);
  Result<> add_override(std::int64_t invocation, const RuleRef& ref, Level level);
  std::size_t size() const { return rules_; }
  // The run has ended: everything counted, into `facts`.
  void settle(Facts& facts);

 private:
  // By level said (5), kind is fail (2), suppressed (2), absent (2).
  using Counts = std::array<std::uint32_t, 40>;
  struct Group {
    RuleRef ref;
    std::int64_t invocation = -1;
    Counts counts{};
  };
  struct Override {
    std::int64_t invocation;
    RuleRef ref;
    Level level;
  };
  struct Index {
    std::unordered_map<std::string_view, const Rule*> by_id, by_guid;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  const Component* component_of(const RuleRef& ref) const;
  const Rule* find(const RuleRef& ref) const;
  const Rule* find_id(const Component& component, std::string_view id) const;
  void settle_group(const Group& group, Facts& facts) const;

  std::size_t rules_ = 0, text_ = 0;
  std::unordered_map<std::string, Group, Hash, std::equal_to<>> groups_;  // by all that the reference says
  std::string key_;                                                       // of the last one, to be reused
  std::vector<Override> overrides_;
  std::unordered_map<const Component*, Index> index_;
};

}  // namespace rfs::sarif
