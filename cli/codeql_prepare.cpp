// codeql prepare-upload: the stored result that stands for a scan, as a file that is truthful for this commit.
#include <fmt/format.h>

#include "backends/codeql/reupload.h"
#include "base/out_file.h"
#include "base/time.h"
#include "cli/codeql_desk.h"
#include "cli/message.h"

namespace rfs {
namespace {

codeql::NewHome home_of(const ExaminedScan& scan) {
  std::string server = variable(scan.reach->environment(), "GITHUB_SERVER_URL");
  if (server.empty()) server = "https://github.com";
  const std::string& ref = scan.request.event.ref;
  constexpr std::string_view kBranches = "refs/heads/";
  return {server + "/" + scan.request.asked.repository, scan.subject.manifest.commit,
          ref.starts_with(kBranches) ? ref.substr(kBranches.size()) : ""};
}

Result<> prepare(const Given& given) {
  const std::string path = given.get("--output");
  if (path.empty()) return fail(Code::kUsage, "--output is missing", "say where the SARIF goes: --output results/python.sarif");
  TRY_ASSIGN(const ExaminedScan scan, examine_scan(given));
  CodeqlDesk desk(given, *scan.reach, scan.request);
  const codeql::Decision decision = desk.answer(scan.subject, circumstances_of(scan.request, scan.reach->settings()));
  if (!decision.skip)
    return fail(Code::kNotFound, fmt::format("there is nothing to upload for this commit: {}", decision.reason), "scan it");
  const codeql::Candidate& from = *decision.chosen;

  TRY_ASSIGN(OutFile file, OutFile::create(path, 0644));
  // The digest of what is reused stands in what is written, so that it is read twice: first for its digest and facts.
  TRY_ASSIGN(const auto taken, desk.take(scan.subject, from, [](std::string_view) { return Result<>(); }));
  TRY_ASSIGN(const auto blobs, desk.blobs(scan.subject, from, taken.facts));
  for (const std::string& name : taken.facts.paths)
    if (!blobs.contains(name))
      return fail(Code::kNotFound, fmt::format("{}, which a result is about, was not in the commit that was scanned", name), "scan this one");
  TRY_ASSIGN(const codeql::Git git, codeql::Git::open(scan.request.asked.directory, scan.reach->environment()));
  TRY(codeql::check_blobs(git, scan.subject.manifest.commit, blobs));

  codeql::Reupload filter({from.commit, taken.digest, rfc3339(from.analysed_at)}, home_of(scan),
                          [&](std::string_view bytes) { return file.write(view(bytes)); });
  TRY_ASSIGN(const auto again, desk.take(scan.subject, from, [&](std::string_view bytes) { return filter.push(bytes); }));
  if (again.digest != taken.digest) return fail(Code::kStale, "the result was replaced while it was read", "try again");
  TRY(filter.finish());
  return file.commit();
}

}  // namespace

int run_codeql_prepare_upload(const Given& given) {
  const auto done = prepare(given);
  return done ? 0 : report(done.error());
}

}  // namespace rfs
