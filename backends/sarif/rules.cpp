#include "backends/sarif/rules.h"

namespace rfs::sarif {
namespace {

std::size_t place(Level level, bool fails, bool suppressed, bool absent) {
  return static_cast<std::size_t>(level) * 8 + (fails ? 4u : 0u) + (suppressed ? 2u : 0u) + (absent ? 1u : 0u);
}

void append_number(std::string& key, std::int64_t number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_text(std::string& key, const std::string& text) {
  append_number(key, static_cast<std::int64_t>(text.size()));
  key += text;
}

Severity by_level(Level level) {
  switch (level) {
    case Level::kError:
      return Severity::kError;
    case Level::kNote:
      return Severity::kNote;
    case Level::kNone:
      return Severity::kNone;
    default:
      return Severity::kWarning;
  }
}

// GitHub's bands.
Severity by_severity(float severity) {
  if (severity >= 9.0f) return Severity::kCritical;
  if (severity >= 7.0f) return Severity::kHigh;
  return severity >= 4.0f ? Severity::kMedium : Severity::kLow;
}

}  // namespace

std::optional<Level> level_of(std::string_view word) {
  if (word == "none") return Level::kNone;
  if (word == "note") return Level::kNote;
  if (word == "warning") return Level::kWarning;
  if (word == "error") return Level::kError;
  return std::nullopt;
}

void RuleRef::clear() {
  for (std::string* text : {&id, &guid, &component_name, &component_guid}) text->clear();
  index = component = -1;
}

Result<> Rules::named(const Component& component) {
  for (const std::string* text : {&component.name, &component.version, &component.semantic_version, &component.guid})
    text_ += text->size();
  if (text_ > kTextMost || extensions.size() > kExtensionsMost)
    return fail(Code::kTooLarge, "a run has more tool extensions than can be kept", "GitHub takes 100 in a run");
  return {};
}

Result<> Rules::added(const Rule& rule) {
  text_ += rule.id.size() + rule.guid.size();
  if (++rules_ > kRulesMost || text_ > kTextMost)
    return fail(Code::kTooLarge, "a run has more rules than can be kept", "GitHub takes 25,000 in a run");
  return {};
}

Result<> Rules::count(const RuleRef& ref, const Saying& saying) {
  key_.clear();
  for (const std::int64_t number : {ref.index, ref.component, saying.invocation}) append_number(key_, number);
  for (const std::string* text : {&ref.id, &ref.guid, &ref.component_name, &ref.component_guid})
    append_text(key_, *text);
  auto at = groups_.find(std::string_view(key_));
  if (at == groups_.end()) {
    text_ += key_.size();
    if (groups_.size() >= kRefsMost || text_ > kTextMost)
      return fail(Code::kTooLarge, "the results of a run name more rules than can be kept",
                  "GitHub takes 25,000 rules in a run");
    at = groups_.emplace(key_, Group{ref, saying.invocation, {}}).first;
  }
  ++at->second.counts[place(saying.level, saying.fails, saying.suppressed, saying.absent)];
  return {};
}

Result<> Rules::add_override(std::int64_t invocation, const RuleRef& ref, Level level) {
  text_ += ref.id.size() + ref.guid.size();
  if (overrides_.size() >= kOverridesMost || text_ > kTextMost)
    return fail(Code::kTooLarge, "the invocations of a run override more rules than can be kept");
  overrides_.push_back({invocation, ref, level});
  return {};
}

const Component* Rules::component_of(const RuleRef& ref) const {
  if (ref.component >= 0) {
    const auto index = static_cast<std::size_t>(ref.component);
    return index < extensions.size() ? &extensions[index] : nullptr;
  }
  if (ref.component_guid.empty() && ref.component_name.empty()) return &driver;
  const auto is_it = [&](const Component& one) {
    return ref.component_guid.empty() ? one.name == ref.component_name : one.guid == ref.component_guid;
  };
  for (const Component& one : extensions)
    if (is_it(one)) return &one;
  return is_it(driver) ? &driver : nullptr;
}

// An id may be hierarchical, and the rule then has the beginning of it (3.27.5): "ABC/1" is of rule "ABC".
const Rule* Rules::find_id(const Component& component, std::string_view id) const {
  const Index& index = index_.at(&component);
  while (!id.empty()) {
    if (auto at = index.by_id.find(id); at != index.by_id.end()) return at->second;
    const std::size_t slash = id.rfind('/');
    if (slash == std::string_view::npos) return nullptr;
    id = id.substr(0, slash);
  }
  return nullptr;
}

const Rule* Rules::find(const RuleRef& ref) const {
  const Component* component = component_of(ref);
  if (!component) return nullptr;
  if (ref.index >= 0 && static_cast<std::size_t>(ref.index) < component->rules.size())
    return &component->rules[static_cast<std::size_t>(ref.index)];
  const bool said = ref.component >= 0 || !ref.component_guid.empty() || !ref.component_name.empty();
  const auto look = [&](const Component& where) -> const Rule* {
    if (!ref.guid.empty()) {
      const Index& index = index_.at(&where);
      if (auto at = index.by_guid.find(ref.guid); at != index.by_guid.end()) return at->second;
    }
    return find_id(where, ref.id);
  };
  if (const Rule* rule = look(*component); rule || said) return rule;
  for (const Component& one : extensions)
    if (const Rule* rule = look(one)) return rule;
  return nullptr;
}

void Rules::settle_group(const Group& group, Facts& facts) const {
  const Rule* rule = find(group.ref);
  Level otherwise = rule && rule->level != Level::kUnsaid ? rule->level : Level::kWarning;
  if (group.invocation >= 0)
    for (const Override& one : overrides_)
      if (one.invocation == group.invocation && rule && find(one.ref) == rule) otherwise = one.level;
  for (std::size_t at = 0; at < group.counts.size(); ++at) {
    const std::uint64_t n = group.counts[at];
    if (n == 0) continue;
    const bool fails = at & 4, suppressed = at & 2, absent = at & 1;
    const auto said = static_cast<Level>(at / 8);
    facts.alerts += n;
    if (suppressed) facts.suppressed += n;
    if (absent) facts.absent += n;
    if (suppressed || absent) continue;
    facts.active += n;
    const Level level = !fails ? Level::kNone : said != Level::kUnsaid ? said : otherwise;
    const Severity severity = fails && rule && rule->severity > 0 ? by_severity(rule->severity) : by_level(level);
    facts.severities[static_cast<std::size_t>(severity)] += n;
  }
}

void Rules::settle(Facts& facts) {
  const auto add = [this](const Component& component) {
    Index& index = index_[&component];
    for (const Rule& rule : component.rules) {
      if (!rule.id.empty()) index.by_id.emplace(rule.id, &rule);
      if (!rule.guid.empty()) index.by_guid.emplace(rule.guid, &rule);
    }
  };
  add(driver);
  for (const Component& one : extensions) add(one);
  for (const auto& [key, group] : groups_) settle_group(group, facts);
}

}  // namespace rfs::sarif
