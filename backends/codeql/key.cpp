#include "backends/codeql/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "backends/codeql/config.h"
#include "base/encode.h"
#include "crypto/hash.h"

namespace rfs::codeql {
namespace {

constexpr std::string_view kKeySchema = "runnerfs-codeql-key/1";
constexpr std::array<std::string_view, 4> kModes{"auto", "tree", "inert", "commit"};

void field(Bytes& out, std::string_view text) {
  append_be(out, static_cast<std::uint64_t>(text.size()));
  append(out, text);
}

// What to read first of what differs: what a user chose before what follows from it.
int rank(std::string_view name) {
  constexpr std::array<std::string_view, 9> kFirst{"language", "category", "config", "tool-version", "build-mode",
                                                   "mode",     "tree",     "files",  "workflow"};
  return static_cast<int>(std::find(kFirst.begin(), kFirst.end(), name) - kFirst.begin());
}

std::string shown(const Inputs& inputs, const std::string& name) {
  const auto found = inputs.find(name);
  if (found == inputs.end()) return "nothing";
  return found->second.empty() ? "empty" : found->second;
}

}  // namespace

std::optional<Mode> parse_mode(std::string_view text) {
  const auto found = std::find(kModes.begin(), kModes.end(), text);
  if (found == kModes.end()) return std::nullopt;
  return static_cast<Mode>(found - kModes.begin());
}

std::string_view mode_word(Mode mode) { return kModes[static_cast<std::size_t>(mode)]; }

std::string key_of(const Inputs& inputs) {
  Bytes out;
  field(out, kKeySchema);
  for (const auto& [name, value] : inputs) field(out, name), field(out, value);
  return hex(sha256(out));
}

std::string reference_key(std::string_view repository, std::string_view commit, std::string_view config,
                          std::string_view language) {
  std::string out = fmt::format("codeql_scan:{}:{}:{}", repository, commit, reference_hash(config));
  if (!language.empty()) out.append(":").append(language);
  return out;
}

std::vector<std::string> differences(const Inputs& was, const Inputs& is) {
  std::vector<std::string> names;
  for (const auto& [name, value] : was)
    if (const auto found = is.find(name); found == is.end() || found->second != value) names.push_back(name);
  for (const auto& [name, value] : is)
    if (!was.contains(name)) names.push_back(name);
  std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return rank(a) < rank(b); });
  std::vector<std::string> out;
  for (const std::string& name : names)
    out.push_back(fmt::format("{} was {}, is {}", name, shown(was, name), shown(is, name)));
  return out;
}

}  // namespace rfs::codeql
