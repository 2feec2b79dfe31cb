#include "fs/tree/codeql_path.h"

#include <algorithm>
#include <vector>

#include "backends/codeql/config.h"
#include "backends/codeql/languages.h"
#include "base/encode.h"
#include "fs/tree/readme.h"

namespace rfs {
namespace {

using ScanPathKind = CodeqlPath::What;

constexpr const char* kGithub = "github";

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return out;
}

tl::unexpected<Error> no_such_file() {
  return fail(Code::kNotFound, "codeql/ has no file of that name",
              "it has LANGUAGE.sarif, LANGUAGE.json, LANGUAGE.manifest.json, LANGUAGE.explain and manifest.json");
}

Result<CodeqlPath> hidden(const std::vector<std::string>& parts) {
  CodeqlPath out;
  out.what = ScanPathKind::kHidden;
  if (parts.size() == 1) return out;
  if (parts.size() > 2) return fail(Code::kNotDirectory, "a result is a file");
  const bool keys = parts[0] == ".key";
  struct Form {
    std::string_view end;
    ScanPathKind what;
  };
  static constexpr Form kKeys[] = {{".json", ScanPathKind::kKey}};
  static constexpr Form kDigests[] = {{".manifest.json", ScanPathKind::kDigestManifest},
                                      {".sarif", ScanPathKind::kDigest}};
  for (const Form& form : keys ? std::span<const Form>(kKeys) : std::span<const Form>(kDigests)) {
    if (!parts[1].ends_with(form.end)) continue;
    out.hash = parts[1].substr(0, parts[1].size() - form.end.size());
    if (!is_hex_of(out.hash, 64)) return fail(Code::kNotFound, "the name is no SHA-256 in hexadecimal digits");
    out.what = form.what;
    return out;
  }
  return fail(Code::kNotFound, "there is no such file");
}

Result<> read_file_name(const std::string& file, CodeqlPath& out) {
  struct Form {
    std::string_view end;
    ScanPathKind what;
  };
  // The longer ends first.
  static constexpr Form kForms[] = {{".manifest.json", ScanPathKind::kManifest},
                                    {".sarif", ScanPathKind::kSarif},
                                    {".json", ScanPathKind::kSummary},
                                    {".explain", ScanPathKind::kExplain}};
  const bool github = out.name.config == kGithub;
  if (file == "manifest.json") {
    if (github) return no_such_file();
    out.what = ScanPathKind::kManifests;
    return {};
  }
  for (const Form& form : kForms) {
    if (!file.ends_with(form.end)) continue;
    auto language = codeql::find_language(std::string_view(file).substr(0, file.size() - form.end.size()));
    if (!language) return fail(Code::kInvalid, language.error().message, language.error().hint);
    out.name.language = language->name;
    out.what = form.what;
    if (!github) return {};
    if (form.what != ScanPathKind::kSarif) return no_such_file();
    out.what = ScanPathKind::kGithub;
    return {};
  }
  return no_such_file();
}

}  // namespace

Result<CodeqlPath> parse_codeql_path(std::string_view path) {
  CodeqlPath out;
  const auto parts = components(path);
  if (parts.empty()) return out;
  if (parts[0] == kReadmeName) {
    if (parts.size() > 1) return fail(Code::kNotDirectory, "README is a file");
    out.what = ScanPathKind::kReadme;
    return out;
  }
  if (parts[0] == ".key" || parts[0] == ".digest") return hidden(parts);
  out.what = ScanPathKind::kDirectory;
  out.depth = static_cast<int>(std::min<std::size_t>(parts.size(), 4));
  if (!results::is_github_name(parts[0]) || parts[0].starts_with('.'))
    return fail(Code::kInvalid, "this is no name of an owner", "codeql/OWNER/REPO/COMMIT/CONFIG/LANGUAGE.sarif");
  out.owner = parts[0];
  if (parts.size() == 1) return out;
  if (!results::is_github_name(parts[1]))
    return fail(Code::kInvalid, "this is no name of a repository", "codeql/OWNER/REPO/COMMIT/CONFIG/LANGUAGE.sarif");
  out.name.repository = parts[0] + "/" + parts[1];
  if (parts.size() == 2) return out;
  if (!is_hex_of(parts[2], 40))
    return fail(Code::kInvalid, "a commit is named by its 40 hexadecimal digits, in lower case",
                "`git rev-parse HEAD` prints them");
  out.name.commit = parts[2];
  if (parts.size() == 3) return out;
  // "github" is what GitHub has, and no configuration.
  if (parts[3] == kGithub) {
    out.name.config = kGithub;
  } else {
    TRY_ASSIGN(out.name.config, codeql::canonical_config(parts[3]));
  }
  if (parts.size() == 4) return out;
  if (parts.size() > 5) return fail(Code::kNotDirectory, "a result is a file");
  TRY(read_file_name(parts[4], out));
  return out;
}

}  // namespace rfs
