// set_option and option_text: one row of the table, its text and its member of Settings.
#include <fmt/format.h>

#include <cmath>

#include "base/duration.h"
#include "base/file.h"
#include "cli/option_table.h"
#include "cli/value.h"

namespace rfs {
namespace {

tl::unexpected<Error> expected(const Option& option, std::string_view what, std::string_view got) {
  // What was given is quoted, except where it could be a secret put into the wrong place.
  const std::string shown = got.size() > 60 ? fmt::format("{} bytes of text", got.size()) : fmt::format("'{}'", got);
  return fail(Code::kUsage, fmt::format("{}: {} is not {}", option.key, shown, what),
              fmt::format("runnerfs(1) describes {} and {}", flag_of(option), option.key));
}

Result<> in_range(const Option& option, double value, const std::string& least, const std::string& most,
                  std::string_view got) {
  if (value >= option.least && value <= option.most) return {};
  return expected(option, fmt::format("between {} and {}", least, most), got);
}

bool holds(std::string_view choices, std::string_view word) {
  for (const std::string& choice : split_list(choices, '|'))
    if (choice == word) return true;
  return false;
}

Result<> set_number(Settings& settings, const Option& option, const std::string& text) {
  if (option.kind == ValueKind::kDuration) {
    const auto value = parse_duration(text);
    if (!value) return expected(option, "a time such as 90, 10s, 5m or 24h", text);
    TRY(in_range(option, *value, duration_text(option.least), duration_text(option.most) + " seconds", text));
    settings.*std::get<double Settings::*>(option.member) = *value;
    return {};
  }
  const bool size = option.kind == ValueKind::kSize;
  const auto value = size ? parse_size(text) : parse_whole(text);
  if (!value) return expected(option, size ? "a size such as 65536, 64K or 2G" : "a whole number", text);
  const auto bound = [&](double limit) {
    const auto whole = static_cast<std::uint64_t>(limit);
    return size ? size_text(whole) : fmt::format("{}", whole);
  };
  TRY(in_range(option, static_cast<double>(*value), bound(option.least), bound(option.most), text));
  settings.*std::get<std::uint64_t Settings::*>(option.member) = *value;
  return {};
}

Result<> set_ttl(Settings& settings, const Option& option, const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const auto seconds =
      equals == std::string::npos ? std::nullopt : parse_duration(std::string_view(text).substr(equals + 1));
  if (!seconds || equals == 0) return expected(option, "of the form NAME=TIME", text);
  const std::string name(trimmed(std::string_view(text).substr(0, equals)));
  TRY(in_range(option, *seconds, "0", "a year", text));
  OperationTtls& ttls = settings.*std::get<OperationTtls Settings::*>(option.member);
  for (auto& [known, value] : ttls)
    if (known == name) {
      value = static_cast<int>(*seconds);
      return {};
    }
  ttls.emplace_back(name, static_cast<int>(*seconds));
  return {};
}

Result<> set_text(Settings& settings, const Option& option, const std::string& text) {
  if (text.find('\0') != std::string::npos) return expected(option, "text without a zero byte", text);
  if (option.kind == ValueKind::kChoice && !holds(option.choices, text))
    return expected(option, fmt::format("one of {}", option.choices), text);
  if (option.kind == ValueKind::kPath && text.empty()) return expected(option, "a path", text);
  settings.*std::get<std::string Settings::*>(option.member) =
      option.kind == ValueKind::kPath ? expand_home(text) : text;
  return {};
}

}  // namespace

Result<> set_option(Settings& settings, const Option& option, const std::vector<std::string>& texts,
                    const std::string& origin) {
  const bool several = option.kind == ValueKind::kList || option.kind == ValueKind::kTtls;
  if (!several && texts.size() != 1) return expected(option, "one value", fmt::format("{} values", texts.size()));
  switch (option.kind) {
    case ValueKind::kBool: {
      const auto value = parse_bool(texts[0]);
      if (!value) return expected(option, "true or false", texts[0]);
      settings.*std::get<bool Settings::*>(option.member) = *value;
      break;
    }
    case ValueKind::kCount:
    case ValueKind::kSize:
    case ValueKind::kDuration:
      TRY(set_number(settings, option, texts[0]));
      break;
    case ValueKind::kText:
    case ValueKind::kPath:
    case ValueKind::kChoice:
      TRY(set_text(settings, option, texts[0]));
      break;
    case ValueKind::kList:
      settings.*std::get<std::vector<std::string> Settings::*>(option.member) = texts;
      break;
    case ValueKind::kTtls:
      for (const std::string& text : texts) TRY(set_ttl(settings, option, text));
      break;
  }
  settings.origins[option.key] = origin;
  return {};
}

std::string option_text(const Settings& settings, const Option& option) {
  switch (option.kind) {
    case ValueKind::kBool:
      return settings.*std::get<bool Settings::*>(option.member) ? "true" : "false";
    case ValueKind::kCount:
      return fmt::format("{}", settings.*std::get<std::uint64_t Settings::*>(option.member));
    case ValueKind::kSize:
      return size_text(settings.*std::get<std::uint64_t Settings::*>(option.member));
    case ValueKind::kDuration:
      return duration_text(settings.*std::get<double Settings::*>(option.member));
    case ValueKind::kText:
    case ValueKind::kPath:
    case ValueKind::kChoice:
      return settings.*std::get<std::string Settings::*>(option.member);
    case ValueKind::kList: {
      std::string out;
      for (const std::string& item : settings.*std::get<std::vector<std::string> Settings::*>(option.member))
        out += (out.empty() ? "" : ",") + item;
      return out;
    }
    case ValueKind::kTtls: {
      std::string out;
      for (const auto& [name, seconds] : settings.*std::get<OperationTtls Settings::*>(option.member))
        out += fmt::format("{}{}={}", out.empty() ? "" : ",", name, seconds);
      return out;
    }
  }
  return {};
}

}  // namespace rfs
