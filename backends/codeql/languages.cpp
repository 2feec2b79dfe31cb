#include "backends/codeql/languages.h"

#include <algorithm>
#include <array>

namespace rfs::codeql {
namespace {

constexpr std::array<Language, 10> kLanguages{{{"actions", false},
                                               {"cpp", true},
                                               {"csharp", true},
                                               {"go", true},
                                               {"java", true},
                                               {"javascript", false},
                                               {"python", false},
                                               {"ruby", false},
                                               {"rust", true},
                                               {"swift", true}}};

// codeql-action, src/languages/builtin.json.
struct Alias {
  std::string_view alias, name;
};
constexpr std::array<Alias, 9> kAliases{{{"c", "cpp"},
                                         {"c#", "csharp"},
                                         {"c++", "cpp"},
                                         {"c-c++", "cpp"},
                                         {"c-cpp", "cpp"},
                                         {"java-kotlin", "java"},
                                         {"javascript-typescript", "javascript"},
                                         {"kotlin", "java"},
                                         {"typescript", "javascript"}}};

// Edits of these are inert for a language without a build (tree.h).
constexpr std::array<std::string_view, 16> kInert{".adoc",     ".eot",  ".gif",  ".ico",  ".jpeg", ".jpg",
                                                  ".markdown", ".md",   ".mp4",  ".pdf",  ".png",  ".rst",
                                                  ".ttf",      ".webp", ".woff", ".woff2"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

Result<Language> find_language(std::string_view name) {
  const std::string wanted = lower(name);
  std::string_view canonical = wanted;
  for (const Alias& alias : kAliases)
    if (alias.alias == wanted) canonical = alias.name;
  for (const Language& language : kLanguages)
    if (language.name == canonical) return language;
  std::string names;
  for (const Language& language : kLanguages) names.append(names.empty() ? "" : ", ").append(language.name);
  return fail(Code::kUsage, "there is no CodeQL language '" + std::string(name) + "'", "one of " + names);
}

bool may_concern(const Language& language, std::string_view path) {
  if (language.built) return true;
  return std::none_of(kInert.begin(), kInert.end(), [&](std::string_view end) { return path.ends_with(end); });
}

}  // namespace rfs::codeql
