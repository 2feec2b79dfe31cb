// The effective configuration as text: .runnerfs/config.yml and `runnerfs config`.
#include <fmt/format.h>

#include "base/json.h"
#include "cli/config.h"

namespace rfs {
namespace {

std::string origin_of(const Settings& settings, const Option& option) {
  const auto found = settings.origins.find(option.key);
  return found == settings.origins.end() ? "default" : found->second;
}

// Plain where YAML reads it back as the same text.
std::string yaml_scalar(const std::string& text) {
  const bool plain = !text.empty() &&
                     text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") ==
                         std::string::npos &&
                     text[0] != '-';
  return plain ? text : json_quote(text);
}

std::string yaml_value(const Settings& settings, const Option& option, const std::string& indent) {
  if (option.kind == ValueKind::kList) {
    std::string out;
    for (const std::string& item : settings.*std::get<std::vector<std::string> Settings::*>(option.member))
      out += (out.empty() ? "" : ", ") + json_quote(item);
    return "[" + out + "]";
  }
  if (option.kind == ValueKind::kTtls) {
    std::string out;
    for (const auto& [name, seconds] : settings.*std::get<OperationTtls Settings::*>(option.member))
      out += fmt::format("\n{}  {}: {}", indent, yaml_scalar(name), seconds);
    return out.empty() ? "{}" : out;
  }
  const std::string text = option_text(settings, option);
  return text.empty() ? "\"\"" : yaml_scalar(text);
}

std::string json_value(const Settings& settings, const Option& option) {
  switch (option.kind) {
    case ValueKind::kBool:
      return option_text(settings, option);
    case ValueKind::kCount:
    case ValueKind::kSize:
      return fmt::format("{}", settings.*std::get<std::uint64_t Settings::*>(option.member));
    case ValueKind::kDuration:
      return option_text(settings, option);
    case ValueKind::kList:
      return yaml_value(settings, option, "");
    case ValueKind::kTtls: {
      JsonLine line;
      for (const auto& [name, seconds] : settings.*std::get<OperationTtls Settings::*>(option.member))
        line.number(name, static_cast<std::int64_t>(seconds));
      return line.str();
    }
    default:
      return json_quote(option_text(settings, option));
  }
}

}  // namespace

std::string configuration_text(const Settings& settings) {
  std::string out, section;
  for (const Option& option : option_table()) {
    std::string key = option.key, indent;
    if (const std::size_t dot = key.find('.'); dot != std::string::npos) {
      if (section != key.substr(0, dot)) out += (section = key.substr(0, dot)) + ":\n";
      key = key.substr(dot + 1);
      indent = "  ";
    } else {
      section.clear();
    }
    const std::string value = yaml_value(settings, option, indent);
    const std::string comment = "  # " + origin_of(settings, option);
    if (value.starts_with("\n")) {
      out += indent + key + ":" + comment + value + "\n";
    } else {
      out += indent + key + ": " + value + comment + "\n";
    }
  }
  return out;
}

std::string configuration_json(const Settings& settings) {
  std::string out;
  for (const Option& option : option_table()) {
    JsonLine line;
    line.raw("value", json_value(settings, option)).text("origin", origin_of(settings, option));
    out += fmt::format("{}\n  {}: {}", out.empty() ? "" : ",", json_quote(option.key), line.str());
  }
  return "{" + out + "\n}\n";
}

}  // namespace rfs
