// codeql ls, codeql invalidate: which results are stored, and the end of some.
#include <fmt/format.h>

#include <algorithm>

#include "backends/codeql/config.h"
#include "cli/codeql.h"
#include "cli/codeql_stored.h"
#include "cli/json_view.h"
#include "cli/message.h"

namespace rfs {
namespace {

std::string row_of(const ListedScan& scan) {
  const auto text = [&](const char* name) { return printable(json_text(scan.summary, name)); };
  const std::string why = text("not_reusable");
  const std::string tool = text("tool").empty() ? "several runs" : text("tool") + " " + text("version");
  return fmt::format("{}  {:>6}  {}  {}  {}  {}  {}  {}\n", text("timestamp").substr(0, 16), text("alerts_count"),
                     text("repository"), text("commit").substr(0, 12), text("config"), text("language"), tool,
                     why.empty() ? text("trust") : "not reusable: " + why);
}

// codeql/, or what is below it of a repository, a commit, a configuration.
Result<std::string> directory_to_list(const std::string& argument) {
  if (argument.starts_with("/") || argument.find("..") != std::string::npos)
    return fail(Code::kUsage, fmt::format("'{}' is no repository", argument), "OWNER/REPO, OWNER/REPO/COMMIT or …/CONFIG");
  std::string out = "codeql/" + argument;
  while (out.ends_with('/')) out.pop_back();
  return out;
}

Result<std::vector<ListedScan>> newest_first(Access& access, const std::string& directory) {
  TRY_ASSIGN(auto scans, list_scans(access, directory));
  std::stable_sort(scans.begin(), scans.end(), [](const ListedScan& one, const ListedScan& other) {
    return json_text(one.summary, "timestamp") > json_text(other.summary, "timestamp");
  });
  return scans;
}

struct Wanted {
  std::string repository, commit, config, language;  // "": any
};

Result<Wanted> wanted_scans(const Given& given, const Settings& settings) {
  Wanted out;
  if (!given.has("--all") && !given.has("--commit") && !given.has("--config") && !given.has("--language"))
    return fail(Code::kUsage, "nothing says which results", "give --commit, --config or --language, or --all for a whole repository");
  out.repository = settings.repo;
  if (out.repository.empty())
    return fail(Code::kUsage, "the repository is not known", "set GITHUB_REPOSITORY, or give --repo OWNER/REPO");
  if (given.has("--commit")) {
    const auto id = codeql::full_id(given.get("--commit"));
    if (!id) return fail(Code::kInvalid, fmt::format("'{}' is no full commit SHA", given.get("--commit")), "give all 40 hex digits");
    out.commit = *id;
  }
  if (given.has("--config")) {
    TRY_ASSIGN(out.config, codeql::canonical_config(given.get("--config")));
  }
  if (given.has("--language")) {
    TRY_ASSIGN(const codeql::Language language, codeql::find_language(given.get("--language")));
    out.language = language.name;
  }
  return out;
}

Result<std::uint64_t> invalidate(const Given& given) {
  TRY_ASSIGN(const auto reach, Reach::prepare(given));
  TRY_ASSIGN(const Wanted wanted, wanted_scans(given, reach->settings()));
  TRY(reach->attach(given));
  Access& access = reach->access();
  std::string directory = "codeql/" + wanted.repository;
  if (!wanted.commit.empty()) directory += "/" + wanted.commit;
  TRY_ASSIGN(const auto scans, list_scans(access, directory));
  std::uint64_t count = 0;
  for (const ListedScan& scan : scans) {
    if (!wanted.config.empty() && json_text(scan.summary, "config") != wanted.config) continue;
    if (!wanted.language.empty() && json_text(scan.summary, "language") != wanted.language) continue;
    const auto removed = access.remove(scan.path);
    if (!removed && removed.error().code == Code::kNotFound) continue;  // another was quicker
    if (!removed) return fail(removed.error());
    ++count;
  }
  return count;
}

}  // namespace

int run_codeql_ls(const Given& given) {
  const auto directory = directory_to_list(given.arguments.empty() ? "" : given.arguments[0]);
  if (!directory) return report(directory.error());
  const auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  const auto scans = newest_first((*reach)->access(), *directory);
  if (!scans) return report(scans.error());
  std::string out;
  for (const ListedScan& scan : *scans) out += given.has("--json") ? scan.summary : row_of(scan);
  return print(out);
}

int run_codeql_invalidate(const Given& given) {
  const auto count = invalidate(given);
  if (!count) return report(count.error());
  return print(fmt::format("{} result{} invalidated\n", *count, *count == 1 ? " was" : "s were"));
}

}  // namespace rfs
