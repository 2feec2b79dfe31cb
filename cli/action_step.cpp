#include <fmt/format.h>

#include "cli/action.h"
#include "cli/mask_forms.h"
#include "cli/message.h"
#include "cli/secrets_env.h"
#include "cli/value.h"
#include "cli/workflow_files.h"

namespace rfs {
namespace {

// As the runner names an input: upper case, blanks become '_', hyphens stay.
std::string variable_of_input(const std::string& name) {
  std::string out = "INPUT_";
  for (const char c : name)
    out += c == ' ' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

}  // namespace

ActionStep ActionStep::take(std::string name) {
  ActionStep out;
  out.name_ = std::move(name);
  take_secrets();
  for (auto& [variable, value] : present_environment())
    if (!variable.starts_with("INPUT_") && !variable.starts_with("STATE_")) out.environment_.emplace(variable, value);
  return out;
}

std::string ActionStep::input(const std::string& name) const {
  const auto value = saved_.get(variable_of_input(name));
  return value ? std::string(trimmed(*value)) : "";
}

SecretBytes ActionStep::secret_input(const std::string& name) const { return secret_variable(variable_of_input(name)); }

SecretBytes ActionStep::secret_variable(const std::string& name) const {
  const auto value = saved_.get(name);
  return value ? SecretBytes::copy_of(*value) : SecretBytes();
}

Result<bool> ActionStep::flag(const std::string& name, bool otherwise) const {
  const std::string text = input(name);
  if (text.empty()) return otherwise;
  const auto value = parse_bool(text);
  if (!value) return fail(Code::kUsage, fmt::format("input {}: it is neither true nor false", name), "write true or false");
  return *value;
}

namespace {

SecretBytes first_given(const ActionStep& step, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const SecretBytes value = step.secret_variable(name);
    if (const std::string_view text = trimmed(value.reveal_text()); !text.empty()) return SecretBytes::copy_of(text);
  }
  return {};
}

}  // namespace

SecretBytes ActionStep::token() const { return first_given(*this, {"INPUT_GITHUB-TOKEN", "GITHUB_TOKEN", "GH_TOKEN"}); }
SecretBytes ActionStep::fleet_secret() const {
  return first_given(*this, {"INPUT_SHARED-SECRET", "RUNNERFS_P2P_SHARED_SECRET", "CACHE_P2P_SHARED_SECRET"});
}

std::string ActionStep::state(const std::string& name) const {
  const auto value = saved_.get("STATE_" + name);
  return value ? std::string(*value) : "";
}

void ActionStep::note(Result<> written) {
  if (!written && unwritten_.empty()) unwritten_ = written.error().message;
}

void ActionStep::output(std::string_view name, std::string_view value) {
  note(append_outputs(variable("GITHUB_OUTPUT"), {{std::string(name), std::string(value)}}));
}
void ActionStep::keep(std::string_view name, std::string_view value) {
  note(append_value(variable("GITHUB_STATE"), name, value));
}
void ActionStep::export_variable(std::string_view name, std::string_view value) {
  note(append_value(variable("GITHUB_ENV"), name, value));
}
void ActionStep::add_path(std::string_view directory) { note(append_directory(variable("GITHUB_PATH"), directory)); }
void ActionStep::summary(std::string_view markdown) {
  // A runner without summaries is a runner without this one.
  if (!variable("GITHUB_STEP_SUMMARY").empty()) note(append_summary(variable("GITHUB_STEP_SUMMARY"), markdown));
}

void ActionStep::say(std::string_view text) { (void)to_stdout(view(quoted_log("runnerfs: ", text))); }

void ActionStep::annotate(std::string_view level, const Error& error) {
  const std::string text = error.message + (error.hint.empty() ? "" : "\nhint: " + error.hint);
  // Further ones are lines of the log: a run shows ten annotations, and one says where to begin.
  if (annotated_.find(level) != std::string::npos) return say(fmt::format("{}: {}", level, text));
  annotated_ += level;
  (void)to_stdout(view(annotation(level, name_, text)));
}

void ActionStep::mask(std::string_view value) {
  bool left_out = false;
  std::string out;
  for (const std::string& form : mask_forms(value, left_out)) out += mask_line(form);
  (void)to_stdout(view(out));
}

int ActionStep::end(bool failed) {
  if (!unwritten_.empty()) annotate("error", {Code::kBroken, "the runner was not told all: " + unwritten_, ""});
  return failed ? 1 : 0;
}

}  // namespace rfs
