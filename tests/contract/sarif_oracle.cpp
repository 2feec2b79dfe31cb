#include "tests/contract/sarif_oracle.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace rfs::test {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto at = object.find(name);
  return at == object.end() ? kNull : *at;
}

std::string text_of(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::int64_t index_of(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_number_integer() ? value.get<std::int64_t>() : -1;
}

const Json& rule_by(const Json& component, const Json& reference, std::string id) {
  static const Json kNull;
  const Json& rules = member(component, "rules");
  const std::string guid = text_of(reference, "guid");
  for (const Json& rule : rules)
    if (!guid.empty() && text_of(rule, "guid") == guid) return rule;
  for (;;) {
    for (const Json& rule : rules)
      if (!id.empty() && text_of(rule, "id") == id) return rule;
    if (id.find('/') == std::string::npos) return kNull;
    id.resize(id.rfind('/'));
  }
}

const Json& rule_of(const Json& tool, const Json& reference, std::int64_t index, const std::string& id) {
  static const Json kNull;
  const Json& where = member(reference, "toolComponent");
  const Json& extensions = member(tool, "extensions");
  const Json* component = &member(tool, "driver");
  const std::string guid = text_of(where, "guid"), name = text_of(where, "name");
  const bool said = index_of(where, "index") >= 0 || !guid.empty() || !name.empty();
  if (index_of(where, "index") >= 0) {
    const auto at = static_cast<std::size_t>(index_of(where, "index"));
    if (at >= extensions.size()) return kNull;
    component = &extensions[at];
  } else if (said) {
    component = nullptr;
    for (const Json& one : extensions)
      if (!component && (guid.empty() ? text_of(one, "name") == name : text_of(one, "guid") == guid)) component = &one;
    const Json& driver = member(tool, "driver");
    if (!component && (guid.empty() ? text_of(driver, "name") == name : text_of(driver, "guid") == guid))
      component = &driver;
    if (!component) return kNull;
  }
  const Json& rules = member(*component, "rules");
  if (index >= 0 && static_cast<std::size_t>(index) < rules.size()) return rules[static_cast<std::size_t>(index)];
  const Json* rule = &rule_by(*component, reference, id);
  if (!rule->is_null() || said) return *rule;
  for (const Json& one : extensions)
    if (rule = &rule_by(one, reference, id); !rule->is_null()) return *rule;
  return kNull;
}

double severity_of(const Json& rule) {
  const Json& value = member(member(rule, "properties"), "security-severity");
  double number = value.is_number() ? value.get<double>() : 0;
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    char* end = nullptr;
    // Decimal only, as the reader takes it.
    if (text.find_first_not_of("0123456789.eE+-") == std::string::npos && text[0] != '+')
      number = std::strtod(text.c_str(), &end);
    if (!end || *end) number = 0;
  }
  return number > 0 && static_cast<float>(number) <= 10 ? number : 0;
}

void count_result(const Json& run, const Json& result, sarif::Facts& facts) {
  const Json& tool = member(run, "tool");
  const Json& reference = member(result, "rule");
  std::string id = text_of(result, "ruleId");
  if (id.empty()) id = text_of(reference, "id");
  const std::int64_t index =
      index_of(reference, "index") >= 0 ? index_of(reference, "index") : index_of(result, "ruleIndex");
  const Json& rule = rule_of(tool, reference, index, id);
  std::string level = text_of(member(rule, "defaultConfiguration"), "level");
  const std::int64_t invocation = index_of(member(result, "provenance"), "invocationIndex");
  const Json& invocations = member(run, "invocations");
  if (invocation >= 0 && static_cast<std::size_t>(invocation) < invocations.size() && !rule.is_null())
    for (const Json& one : member(invocations[static_cast<std::size_t>(invocation)], "ruleConfigurationOverrides")) {
      const Json& descriptor = member(one, "descriptor");
      const Json& other = rule_of(tool, descriptor, index_of(descriptor, "index"), text_of(descriptor, "id"));
      const std::string said = text_of(member(one, "configuration"), "level");
      if (&other == &rule && !said.empty()) level = said;
    }
  if (const std::string said = text_of(result, "level"); !said.empty()) level = said;
  if (level.empty()) level = "warning";
  const std::string kind = text_of(result, "kind");
  const bool fails = kind.empty() || kind == "fail";
  if (!fails) level = "none";
  bool suppressed = false;
  for (const Json& one : member(result, "suppressions")) {
    const std::string status = text_of(one, "status");
    suppressed |= status.empty() || status == "accepted";
  }
  const bool absent = text_of(result, "baselineState") == "absent";
  ++facts.alerts;
  facts.suppressed += suppressed;
  facts.absent += absent;
  if (suppressed || absent) return;
  ++facts.active;
  using sarif::Severity;
  const double severity = fails ? severity_of(rule) : 0;
  Severity which = level == "error"     ? Severity::kError
                   : level == "warning" ? Severity::kWarning
                   : level == "note"    ? Severity::kNote
                                        : Severity::kNone;
  if (severity > 0)
    which = severity >= 9   ? Severity::kCritical
            : severity >= 7 ? Severity::kHigh
            : severity >= 4 ? Severity::kMedium
                            : Severity::kLow;
  ++facts.severities[static_cast<std::size_t>(which)];
}

}  // namespace

sarif::Facts oracle(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  const Json log = Json::parse(text, nullptr, false);
  sarif::Facts facts;
  for (const Json& run : member(log, "runs"))
    for (const Json& result : member(run, "results")) count_result(run, result, facts);
  return facts;
}

std::string counts(const sarif::Facts& facts) {
  std::string out = "alerts " + std::to_string(facts.alerts) + ", active " + std::to_string(facts.active) +
                    ", suppressed " + std::to_string(facts.suppressed) + ", absent " + std::to_string(facts.absent);
  for (std::size_t i = 0; i < sarif::kSeverities; ++i)
    out += ", " + std::string(sarif::severity_word(static_cast<sarif::Severity>(i))) + " " +
           std::to_string(facts.severities[i]);
  return out;
}

}  // namespace rfs::test
