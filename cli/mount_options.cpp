#include "cli/mount_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rfs {
namespace {

// For mount(8) and systemd, not for us (cf. their handling of fstab lines).
constexpr std::array<std::string_view, 21> kIgnored{
    "_netdev", "user",  "nouser", "users", "auto",  "noauto",   "nofail",     "defaults",   "rw",       "dev", "suid",
    "exec",    "owner", "group",  "atime", "async", "relatime", "norelatime", "nodiratime", "diratime", "mand"};
// The same with a value: who may unmount, a remark.
constexpr std::array<std::string_view, 4> kIgnoredPrefixes{"x-", "X-", "user=", "comment="};
// For the kernel.
constexpr std::array<std::string_view, 4> kPassed{"nosuid", "nodev", "noexec", "noatime"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kContrary{
    {{"suid", "nosuid"}, {"dev", "nodev"}, {"exec", "noexec"}, {"atime", "noatime"}}};

template <class List>
bool lists(const List& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool ignored(std::string_view word) {
  return lists(kIgnored, word) || std::any_of(kIgnoredPrefixes.begin(), kIgnoredPrefixes.end(),
                                              [&](std::string_view prefix) { return word.starts_with(prefix); });
}

std::vector<std::string> split(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts) {
    std::string word;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ',') {
        word += text[++i];
      } else if (text[i] == ',') {
        if (!word.empty()) out.push_back(std::move(word));
        word.clear();
      } else {
        word += text[i];
      }
    }
    if (!word.empty()) out.push_back(std::move(word));
  }
  return out;
}

Result<FlagValue> setting(const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const Option* option = find_option(name);
  std::string text = equals == std::string::npos ? "true" : word.substr(equals + 1);
  if (option == nullptr && equals == std::string::npos && name.starts_with("no")) {
    option = find_option(name.substr(2));
    text = "false";
    if (option != nullptr && option->kind != ValueKind::kBool) option = nullptr;
  }
  if (option == nullptr)
    return fail(Code::kUsage, fmt::format("-o {}: there is no such mount option", name.empty() ? word : name),
                "`runnerfs mount --help` lists them");
  if (option->kind != ValueKind::kBool && equals == std::string::npos)
    return fail(Code::kUsage, fmt::format("-o {}: a value is missing", name),
                fmt::format("write -o {}={}", mount_name_of(*option), option->argument));
  return FlagValue{option, {text}, "-o " + mount_name_of(*option)};
}

}  // namespace

Result<MountWords> parse_mount_options(const std::vector<std::string>& texts) {
  MountWords out;
  const std::vector<std::string> words = split(texts);
  for (const auto& [one, other] : kContrary)
    if (lists(words, one) && lists(words, other))
      return fail(Code::kUsage, fmt::format("-o {} and -o {} contradict each other", one, other), "give one of them");
  for (const std::string& word : words) {
    out.rw = out.rw || word == "rw";
    if (ignored(word)) continue;
    if (lists(kPassed, word)) {
      if (!lists(out.passed, word)) out.passed.push_back(word);
      continue;
    }
    TRY_ASSIGN(FlagValue value, setting(word));
    const auto same = std::find_if(out.settings.begin(), out.settings.end(),
                                   [&](const FlagValue& known) { return known.option == value.option; });
    if (same == out.settings.end()) {
      out.settings.push_back(std::move(value));
    } else if (value.option->kind == ValueKind::kList || value.option->kind == ValueKind::kTtls) {
      same->texts.push_back(value.texts[0]);
    } else if (same->texts != value.texts) {
      return fail(Code::kUsage, fmt::format("{} is given twice with different values", value.origin), "give it once");
    }
  }
  for (const FlagValue& value : out.settings)
    if (out.rw && std::string_view(value.option->key) == "ro" && value.texts[0] != "false")
      return fail(Code::kUsage, "-o ro and -o rw contradict each other", "give one of them");
  return out;
}

}  // namespace rfs
