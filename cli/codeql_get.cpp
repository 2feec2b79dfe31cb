// codeql get: the stored result of a commit, or of another one that is the same to a scan.
#include <fmt/format.h>

#include "backends/codeql/config.h"
#include "base/out_file.h"
#include "cli/codeql.h"
#include "cli/codeql_stored.h"
#include "cli/message.h"

namespace rfs {
namespace {

// A file of the tree to `path`, or to stdout when that is empty.
Result<> pass_on(Access& access, const std::string& from, const std::string& path) {
  if (path.empty()) {
    Result<bool> written = true;
    const auto done = access.cat(from, [&](BytesView bytes) {
      written = to_stdout(bytes);
      return written && *written;
    });
    if (!written) return fail(std::move(written.error()));
    return *written ? done : Result<>();  // whoever reads has enough
  }
  TRY_ASSIGN(OutFile file, OutFile::create(path, 0644));
  Result<> written;
  TRY(access.cat(from, [&](BytesView bytes) {
    written = file.write(bytes);
    return written.has_value();
  }));
  TRY(written);
  return file.commit();
}

Result<> get_scan(const Given& given, const std::string& output) {
  TRY(enter_directory(given));
  TRY_ASSIGN(const auto reach, Reach::prepare(given));
  TRY_ASSIGN(const ScanRequest request, scan_request(given, reach->settings(), reach->environment()));
  const codeql::Asked& asked = request.asked;
  TRY(codeql::check_words(asked));
  TRY_ASSIGN(const std::string config, codeql::canonical_config(asked.config));
  TRY_ASSIGN(const codeql::Language language, codeql::find_language(asked.language));
  const auto file_of = [&](const std::string& commit) {
    return sarif_file(asked.repository, commit, config, language.name);
  };
  TRY(reach->attach(given));
  Access& access = reach->access();
  // A commit that is named needs no checkout.
  if (!asked.commit.empty()) {
    const std::string file = file_of(*codeql::full_id(asked.commit));
    const auto there = access.stat(file, false);
    if (there) return pass_on(access, file, output);
    if (there.error().code != Code::kNotFound) return fail(there.error());
  }
  TRY_ASSIGN(const codeql::Subject subject, codeql::examine(asked, reach->environment()));
  const codeql::Manifest& manifest = subject.manifest;
  if (asked.commit.empty()) {
    const auto there = access.stat(file_of(manifest.commit), false);
    if (there) return pass_on(access, file_of(manifest.commit), output);
    if (there.error().code != Code::kNotFound) return fail(there.error());
  }
  TRY_ASSIGN(const auto same, scans_with_key(access, manifest.key, asked.repository));
  if (same.empty())
    return fail(Code::kNotFound,
                fmt::format("no result of {} is stored for commit {}, nor one with its key", language.name, manifest.commit),
                "`runnerfs codeql explain` shows what there is");
  note(fmt::format("this is the result of commit {}, which is the same to a scan; `codeql prepare-upload` makes it one of {}",
                   same[0].candidate.commit, manifest.commit));
  return pass_on(access, sarif_file(same[0]), output);
}

}  // namespace

int run_codeql_get(const Given& given) {
  const auto done = get_scan(given, given.has("--output") ? absolute_path(given.get("--output")) : "");
  return done ? 0 : report(done.error());
}

}  // namespace rfs
