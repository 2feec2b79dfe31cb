// What the members of a SARIF file mean.
#include <charconv>
#include <cstdlib>

#include "backends/sarif/reader_impl.h"

namespace rfs::sarif {
namespace {

constexpr std::size_t kWarningsMost = 50;
// What GitHub takes in an upload ("SARIF results exceed one or more limits").
constexpr std::uint64_t kRunsMost = 20, kResultsMost = 25'000, kRulesMost = 25'000, kExtensionsMost = 100,
                        kLocationsMost = 1'000, kFlowLocationsMost = 10'000, kTagsMost = 20;
// More runs than that are no scan result.
constexpr std::size_t kRunsKept = 1'000;

std::optional<std::int64_t> integer(const Scalar& value) {
  std::int64_t number = 0;
  if (value.kind != Scalar::Kind::kNumber) return std::nullopt;
  const char* end = value.text.data() + value.text.size();
  const auto [at, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

// "7.5" and 7.5; nullopt for what is no number.
std::optional<float> severity_number(const Scalar& value) {
  if (value.kind != Scalar::Kind::kString && value.kind != Scalar::Kind::kNumber) return std::nullopt;
  float number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto [at, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

constexpr std::size_t kShownMost = 200;
std::string quoted(std::string_view text) { return "'" + std::string(text.substr(0, kShownMost)) + "'"; }

// "/language:python/run-7" → "/language:python"; GitHub takes all up to the last '/' as the category.
std::string category_of(std::string_view id) {
  const std::size_t slash = id.rfind('/');
  return std::string(slash == std::string_view::npos ? std::string_view() : id.substr(0, slash));
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  for (const std::string_view one : words)
    if (word == one) return true;
  return false;
}

}  // namespace

void Collector::warn(std::string text) {
  if (warned_.size() >= kWarningsMost || !warned_.insert(text).second) return;
  facts_.warnings.push_back(std::move(text));
}

void Collector::warn_over(std::uint64_t count, std::uint64_t most, const char* what) {
  if (count > most) warn("more than " + std::to_string(most) + " " + what + ", which GitHub refuses or cuts");
}

RuleRef& Collector::ref(In in) {
  return in == In::kOverrideRule || in == In::kOverrideRuleComponent ? override_ : result_.ref;
}

Component& Collector::component() { return in_driver_ ? run_->rules.driver : run_->rules.extensions.back(); }

Collector::Wrong Collector::begin(In in, std::string_view name) {
  switch (in) {
    case In::kRun:
      if (facts_.runs.size() >= kRunsKept) return "more than " + std::to_string(kRunsKept) + " runs";
      run_.emplace();
      break;
    case In::kDriver:
      in_driver_ = true;
      break;
    case In::kExtension:
      in_driver_ = false;
      run_->rules.extensions.emplace_back();
      break;
    case In::kRule:
      rule_ = Rule{};
      tags_ = 0;
      break;
    case In::kResult:
      result_.ref.clear();
      result_.saying = Saying{};
      result_.message = false;
      result_.locations = result_.flow_locations = 0;
      break;
    case In::kSuppression:
      suppression_.clear();
      break;
    case In::kInvocation:
      successful_.reset();
      break;
    case In::kNotification:
      notification_ = "warning";
      break;
    case In::kOverride:
      override_.clear();
      override_level_ = Level::kUnsaid;
      break;
    case In::kBase:
      base_name_ = name;
      place_.clear();
      break;
    case In::kArtifact:
    case In::kResultFile:
      place_.clear();
      break;
    default:
      break;
  }
  return std::nullopt;
}

Collector::Wrong Collector::begin_array(In array) {
  if (array == In::kResults) run_->results = true;
  return std::nullopt;
}

Collector::Wrong Collector::element(In array) {
  if (array == In::kLocations) ++result_.locations;
  if (array == In::kFlowLocations) ++result_.flow_locations;
  if (array == In::kTags) ++tags_;
  return std::nullopt;
}

Collector::Wrong Collector::end(In in, std::uint32_t seen) {
  switch (in) {
    case In::kLog:
      if (!version_) return "the log has no 'version'";
      if (facts_.runs.empty()) return "the log has no runs";
      break;
    case In::kRun:
      return end_run(seen);
    case In::kDriver:
    case In::kExtension:
      if (component().name.empty()) return "a tool has no name";
      if (auto named = run_->rules.named(component()); !named) return named.error().message;
      break;
    case In::kRule:
      return end_rule();
    case In::kResult:
      return end_result();
    case In::kMessage:
      result_.message = seen != 0;
      break;
    case In::kSuppression:
      if (suppression_.empty() || suppression_ == "accepted") result_.saying.suppressed = true;
      break;
    case In::kInvocation:
      return end_invocation();
    case In::kNotification:
      if (notification_ == "error") return "the tool reported an error, so that the scan may be incomplete";
      break;
    case In::kOverride:
      if (override_level_ == Level::kUnsaid) break;
      if (auto added = run_->rules.add_override(run_->invocations, override_, override_level_); !added)
        return added.error().message;
      break;
    case In::kArtifact:
      ++run_->run.artifacts;
      run_->paths.artifact(place_);
      break;
    case In::kBase:
      run_->paths.base(base_name_, place_);
      break;
    case In::kResultFile:
      run_->paths.named_by_result(place_);
      break;
    default:
      break;
  }
  return std::nullopt;
}

Collector::Wrong Collector::end_rule() {
  if (rule_.id.empty()) return "a rule has no 'id'";
  warn_over(tags_, kTagsMost, "tags on a rule");
  if (auto added = run_->rules.added(rule_); !added) return added.error().message;
  component().rules.push_back(std::move(rule_));
  return std::nullopt;
}

Collector::Wrong Collector::end_result() {
  if (!result_.message) return "a result has no message";
  warn_over(result_.locations, kLocationsMost, "locations in a result");
  warn_over(result_.flow_locations, kFlowLocationsMost, "thread flow locations in a result");
  ++run_->run.results;
  if (auto counted = run_->rules.count(result_.ref, result_.saying); !counted) return counted.error().message;
  return std::nullopt;
}

Collector::Wrong Collector::end_invocation() {
  if (!successful_) return "an invocation has no 'executionSuccessful'";
  if (!*successful_) return "the scan failed (executionSuccessful is false)";
  ++run_->invocations;
  return std::nullopt;
}

Collector::Wrong Collector::end_run(std::uint32_t) {
  Run& run = run_->run;
  const Component& driver = run_->rules.driver;
  if (driver.name.empty()) return "a run has no tool";
  if (!run_->results) return "a run has no results";
  run.tool = driver.name;
  run.version = driver.semantic_version.empty() ? driver.version : driver.semantic_version;
  run.rules = run_->rules.size();
  const auto other = [](const std::string& wanted, const std::string& is, const char* what) -> Wrong {
    if (wanted.empty() || wanted == is) return std::nullopt;
    return std::string("the ") + what + " is " + (is.empty() ? "not said" : quoted(is)) + " and not " + quoted(wanted);
  };
  if (auto wrong = other(options_.tool, run.tool, "tool")) return wrong;
  if (auto wrong = other(options_.version, run.version, "version of the tool")) return wrong;
  if (auto wrong = other(options_.category, run.category, "category")) return wrong;
  warn_over(run.results, kResultsMost, "results in a run");
  warn_over(run.rules, kRulesMost, "rules in a run");
  warn_over(run_->rules.extensions.size(), kExtensionsMost, "tool extensions in a run");
  for (std::string* text : {&run.tool, &run.version, &run.category})
    if (text->size() > kShownMost) return "a tool's name, version or category is longer than 200 bytes";
  run_->rules.settle(facts_);
  run_->paths.settle(options_.root, paths_, facts_.paths_lack);
  facts_.runs.push_back(std::move(run));
  warn_over(facts_.runs.size(), kRunsMost, "runs");
  run_.reset();
  return std::nullopt;
}

Collector::Wrong Collector::scalar(In in, const FieldRule& rule, const Scalar& value) {
  using Kind = Scalar::Kind;
  const std::string_view name = rule.name;
  if (value.kind == Kind::kNull) return std::nullopt;
  const auto text = [&](std::string& to) -> Wrong {
    if (value.kind != Kind::kString) return quoted(name) + " is no string";
    to = value.text;
    return std::nullopt;
  };
  const auto number = [&](std::int64_t& to) -> Wrong {
    const auto read = integer(value);
    if (!read || *read < -1) return quoted(name) + " is no index";
    to = *read;
    return std::nullopt;
  };
  const auto level = [&](Level& to) -> Wrong {
    const auto read = value.kind == Kind::kString ? level_of(value.text) : std::nullopt;
    if (!read) return quoted(name) + " is none of none, note, warning and error";
    to = *read;
    return std::nullopt;
  };
  switch (rule.field) {
    case Field::kVersion:
      if (value.kind != Kind::kString || value.text != "2.1.0") return "the version of the log is not 2.1.0";
      version_ = true;
      return std::nullopt;
    case Field::kToolName:
      return text(component().name);
    case Field::kToolVersion:
      return text(component().version);
    case Field::kToolSemanticVersion:
      return text(component().semantic_version);
    case Field::kToolGuid:
      return text(component().guid);
    case Field::kRuleId:
      return text(rule_.id);
    case Field::kRuleGuid:
      return text(rule_.guid);
    case Field::kRuleLevel:
      return level(rule_.level);
    case Field::kRuleSeverity: {
      const auto read = severity_number(value);
      if (!read) warn("a rule has a security-severity that is no number, which GitHub refuses");
      rule_.severity = read && *read > 0 && *read <= 10 ? *read : 0;
      return std::nullopt;
    }
    case Field::kRefId: {
      // A result says it in two places: ruleId may be longer than rule.id (3.27.7), and counts.
      if (in == In::kResultRule && !result_.ref.id.empty()) return std::nullopt;
      return text(ref(in).id);
    }
    case Field::kRefGuid:
      return text(ref(in).guid);
    case Field::kRefIndex:
      return number(ref(in).index);
    case Field::kRefComponentIndex:
      return number(ref(in).component);
    case Field::kRefComponentName:
      return text(ref(in).component_name);
    case Field::kRefComponentGuid:
      return text(ref(in).component_guid);
    case Field::kResultLevel:
      return level(result_.saying.level);
    case Field::kResultKind:
      if (value.kind != Kind::kString ||
          !one_of(value.text, {"fail", "pass", "open", "review", "informational", "notApplicable"}))
        return "the kind of a result is none of SARIF's";
      result_.saying.fails = value.text == "fail";
      return std::nullopt;
    case Field::kBaseline:
      if (value.kind != Kind::kString || !one_of(value.text, {"new", "unchanged", "updated", "absent"}))
        return "the baselineState of a result is none of SARIF's";
      result_.saying.absent = value.text == "absent";
      return std::nullopt;
    case Field::kSuppressionStatus:
      if (value.kind != Kind::kString || !one_of(value.text, {"accepted", "underReview", "rejected"}))
        return "the status of a suppression is none of SARIF's";
      suppression_ = value.text;
      return std::nullopt;
    case Field::kInvocationIndex:
      return number(result_.saying.invocation);
    case Field::kUri:
      return text(place_.uri);
    case Field::kUriBase:
      return text(place_.base);
    case Field::kFileIndex:
      return number(place_.index);
    case Field::kSuccessful:
      if (value.kind != Kind::kBoolean) return "'executionSuccessful' is no boolean";
      successful_ = value.truth;
      return std::nullopt;
    case Field::kSignal:
      return "the scan failed (" + std::string(name) + ")";
    case Field::kNotificationLevel:
      return text(notification_);
    case Field::kOverrideLevel:
      return level(override_level_);
    case Field::kCategory: {
      std::string id;
      if (auto wrong = text(id)) return wrong;
      run_->run.category = category_of(id);
      return std::nullopt;
    }
    case Field::kIncremental:
      return "the run is incremental (properties.incrementalMode), and so no scan of all the code";
    case Field::kExternalResults:
      return "the results are in another file";
    case Field::kMessageText:
    case Field::kSuppressionKind:
      if (value.kind != Kind::kString) return quoted(name) + " is no string";
      return std::nullopt;
    case Field::kNone:
    case Field::kContainer:
      break;
  }
  return std::nullopt;
}

Facts Collector::take() {
  facts_.paths.assign(paths_.begin(), paths_.end());
  return std::move(facts_);
}

}  // namespace rfs::sarif
