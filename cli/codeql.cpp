#include "cli/codeql.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "cli/value.h"

namespace rfs {
namespace {

std::optional<std::string> payload_of_event(const std::string& path) {
  auto text = read_file(path, 64u << 20);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

Result<> take_sources(const std::string& text, ScanRequest& out) {
  out.local = out.github = false;
  for (const std::string& word : split_list(text)) {
    if (word == "local")
      out.local = true;
    else if (word == "github")
      out.github = true;
    else
      return fail(Code::kUsage, fmt::format("there is no source '{}'", word), "local, github, or local,github");
  }
  if (!out.local && !out.github) return fail(Code::kUsage, "--source is empty", "local, github, or local,github");
  out.vouch = out.github;
  return {};
}

}  // namespace

Result<> enter_directory(const Given& given) {
  if (!given.has("--directory")) return {};
  const std::string directory = given.get("--directory");
  if (::chdir(directory.c_str()) != 0) return fail_errno(errno, directory);
  return {};
}

Result<ScanRequest> scan_request(const Given& given, const Settings& settings, const Environment& environment) {
  ScanRequest out;
  codeql::Asked& asked = out.asked;
  asked.directory = absolute_path(".");
  asked.repository = settings.repo;
  if (given.get("--language").empty())
    return fail(Code::kUsage, "--language is missing", "say which: --language python");
  asked.language = given.get("--language");
  if (given.has("--config")) asked.config = given.get("--config");
  asked.tool_version = given.get("--tool-version");
  asked.build_mode = given.get("--build-mode");
  asked.category = given.get("--category");
  asked.commit = given.get("--commit");
  if (given.has("--mode")) {
    const auto mode = codeql::parse_mode(given.get("--mode"));
    if (!mode) return fail(Code::kUsage, fmt::format("there is no mode '{}'", given.get("--mode")),
                           "one of auto, tree, inert, commit");
    asked.mode = *mode;
  }
  if (given.has("--source")) TRY(take_sources(given.get("--source"), out));
  out.event = codeql::scan_event(environment, payload_of_event);
  return out;
}

Result<ExaminedScan> examine_scan(const Given& given) {
  TRY(enter_directory(given));
  ExaminedScan out;
  TRY_ASSIGN(out.reach, Reach::prepare(given));
  TRY_ASSIGN(out.request, scan_request(given, out.reach->settings(), out.reach->environment()));
  TRY_ASSIGN(out.subject, codeql::examine(out.request.asked, out.reach->environment()));
  out.subject.manifest.trust = codeql::trust_class(out.request.event);
  if (!out.subject.doubts.empty()) out.subject.manifest.not_reusable = out.subject.doubts[0];
  return out;
}

}  // namespace rfs
