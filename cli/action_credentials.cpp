#include "cli/action_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "backends/secrets/scope.h"
#include "cli/message.h"
#include "cli/secret.h"
#include "cli/value.h"

namespace rfs {
namespace {

constexpr const char* kWriteJson =
    "write \"value\": ${{ toJSON(secrets.X) }} without quotes around it, or give the names by from-env";

// Line and column of a byte, as an editor shows them.
std::string place_in(std::string_view text, std::int64_t position) {
  const std::string_view before = text.substr(0, static_cast<std::size_t>(std::max<std::int64_t>(position, 0)));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("byte position {} (line {}, column {})", before.size(), lines + 1, before.size() - begin + 1);
}

Result<Imports> of_json(const ActionStep& step) {
  const SecretBytes text = step.secret_input("credentials");
  if (trimmed(text.reveal_text()).empty()) return Imports();
  auto parsed = parse_import(text);
  if (parsed) return parsed;
  if (parsed.error().position < 0)
    return fail(parsed.error().code, "input credentials: " + parsed.error().message, parsed.error().hint);
  return fail(Code::kInvalid,
              "input credentials: this is no JSON, from " + place_in(text.reveal_text(), parsed.error().position) + " on",
              kWriteJson, parsed.error().position);
}

Result<std::string> default_ttl(const ActionStep& step) {
  const std::string hours = step.input("ttl-hours");
  return hours.empty() ? "24h" : hours + "h";
}

Result<> check_wanted(const WantedCredentials& wanted) {
  std::set<std::string> seen;
  const auto check = [&](const std::string& name, std::size_t number) -> Result<> {
    if (auto good = check_credential_name(name); !good)
      return fail(Code::kInvalid, fmt::format("credential {}: {}", number, good.error().message), good.error().hint);
    if (!seen.insert(name).second)
      return fail(Code::kInvalid, fmt::format("the credential {} is given twice", printable(name)),
                  "each name stands for one file: give it once");
    return {};
  };
  std::size_t number = 0;
  for (const Imported& one : wanted.given) {
    TRY(check(one.name, ++number));
    if (!one.scope.empty() && !parse_scope_kind(one.scope))
      return fail(Code::kInvalid, fmt::format("credential {}: there is no such scope", number),
                  "global, repo, workflow or runner");
    if (auto good = put_attributes(one.ttl, false, false); !good)
      return fail(Code::kInvalid, fmt::format("credential {}: {}", number, good.error().message), good.error().hint);
  }
  for (const std::string& name : wanted.empty) TRY(check(name, ++number));
  for (const std::string& name : wanted.absent) TRY(check(name, ++number));
  for (const std::string& name : wanted.stored) TRY(check(name, ++number));
  return {};
}

}  // namespace

std::vector<std::string> names_in(const std::string& text) {
  std::string flat = text;
  std::replace(flat.begin(), flat.end(), '\n', ',');
  std::vector<std::string> out;
  for (const std::string& part : split_list(flat))
    if (std::find(out.begin(), out.end(), std::string(trimmed(part))) == out.end()) out.emplace_back(trimmed(part));
  return out;
}

Result<WantedCredentials> wanted_credentials(ActionStep& step) {
  WantedCredentials out;
  TRY_ASSIGN(Imports parsed, of_json(step));
  TRY_ASSIGN(const std::string ttl, default_ttl(step));
  const std::string scope = step.input("scope");
  for (Imported& one : parsed) {
    step.mask(one.value.reveal_text());
    if (one.value.empty()) {
      out.empty.push_back(one.name);
      continue;
    }
    if (one.scope.empty()) one.scope = scope;
    if (one.ttl.empty()) one.ttl = ttl;
    one.value = out.given.keep(one.value.reveal());
    out.given.add(std::move(one));
  }
  for (const std::string& name : names_in(step.input("from-env"))) {
    if (!step.has_variable(name)) {
      out.absent.push_back(name);
      continue;
    }
    Imported one;
    const SecretBytes value = step.secret_variable(name);
    step.mask(value.reveal_text());
    if (value.empty()) {
      out.empty.push_back(name);
      continue;
    }
    one.name = name;
    one.scope = scope;
    one.ttl = ttl;
    one.value = out.given.keep(value.reveal());
    out.given.add(std::move(one));
  }
  for (const std::string& name : names_in(step.input("credential-names"))) {
    const auto same = [&](const Imported& one) { return one.name == name; };
    if (std::none_of(out.given.begin(), out.given.end(), same)) out.stored.push_back(name);
  }
  TRY(check_wanted(out));
  return out;
}

bool ExportedVariables::contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<ExportedVariables> ExportedVariables::of(const ActionStep& step) {
  ExportedVariables out;
  out.forced_ = names_in(step.input("force-env"));
  const std::string text = step.input("export-env");
  if (const auto word = parse_bool(text); word || text.empty() || text == "all") {
    out.all_ = text == "all" || word.value_or(false);
    return out;
  }
  out.names_ = names_in(text);
  return out;
}

}  // namespace rfs
