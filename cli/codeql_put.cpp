// codeql put: keeps the result of a scan under its key, for jobs to come.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/codeql/config.h"
#include "backends/codeql/identity.h"
#include "backends/codeql/languages.h"
#include "backends/codeql/reupload.h"
#include "backends/results/results.h"
#include "backends/sarif/reader.h"
#include "base/duration.h"
#include "base/encode.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/time.h"
#include "cli/codeql.h"
#include "cli/codeql_stored.h"
#include "cli/message.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

// A SARIF on disk, read twice: for what it says, then into the store. Not a pipe, which is gone after the first time.
class SarifFile {
 public:
  static Result<SarifFile> open(const std::string& path) {
    SarifFile out(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), path);
    struct stat info {};
    if (!out.fd_ || ::fstat(out.fd_.get(), &info) != 0) return fail_errno(errno, path);
    if (!S_ISREG(info.st_mode))
      return fail(Code::kInvalid, fmt::format("{} is no file", path), "give the SARIF file that the scan wrote");
    return out;
  }
  Result<> rewind() {
    if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return fail_errno(errno, path_);
    return {};
  }
  // The next piece, valid until the next call; empty at the end.
  Result<BytesView> next() {
    while (true) {
      const ssize_t size = ::read(fd_.get(), buffer_.data(), buffer_.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return fail_errno(errno, path_);
      return BytesView(buffer_.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  SarifFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)), buffer_(256u << 10) {}
  Fd fd_;
  std::string path_;
  Bytes buffer_;
};

struct ScanFile {
  sarif::Facts facts;
  std::string digest;
};

Result<ScanFile> read_scan(SarifFile& file) {
  sarif::Reader reader;
  Sha256 digest;
  while (true) {
    TRY_ASSIGN(const BytesView piece, file.next());
    if (piece.empty()) break;
    TRY(reader.push(text(piece)));
    digest.update(piece);
  }
  ScanFile out;
  TRY_ASSIGN(out.facts, reader.finish());
  out.digest = hex(digest.finish());
  return out;
}

// --manifest: the scan as it was examined before it ran, so that what a build leaves in the work tree changes nothing.
Result<codeql::Subject> subject_of_manifest(const std::string& path, const codeql::Asked& asked) {
  TRY_ASSIGN(const std::string json, read_file(path, results::kManifestMost));
  auto manifest = codeql::parse_manifest(json);
  if (!manifest)
    return fail(manifest.error().code, fmt::format("{}: {}", path, manifest.error().message),
                "`runnerfs codeql key --json` prints one", manifest.error().position);
  codeql::Subject out;
  TRY_ASSIGN(out.language, codeql::find_language(asked.language));
  TRY_ASSIGN(out.config, codeql::canonical_config(asked.config));
  out.category = asked.category.empty() ? fmt::format("/language:{}", out.language.name) : asked.category;
  out.manifest = std::move(*manifest);
  const auto refuse = [&](const char* what, const std::string& its, const std::string& given) {
    return fail(Code::kInvalid, fmt::format("{}: the manifest is of {} '{}', not '{}'", path, what, its, given),
                "give the flags that `runnerfs codeql key` was given");
  };
  if (!asked.commit.empty() && *codeql::full_id(asked.commit) != out.manifest.commit)
    return refuse("commit", out.manifest.commit, asked.commit);
  const auto input = [&](const char* name) {
    const auto found = out.manifest.inputs.find(name);
    return found == out.manifest.inputs.end() ? std::string() : found->second;
  };
  // The reference's key, by commit, has other inputs.
  if (out.manifest.mode == codeql::Mode::kCommit) return out;
  const std::pair<const char*, std::string> same[] = {{"language", std::string(out.language.name)},
                                                      {"category", out.category},
                                                      {"config", codeql::config_text(asked.config)},
                                                      {"build-mode", asked.build_mode}};
  for (const auto& [name, text] : same)
    if (const std::string its = input(name); its != text) return refuse(name, its, text);
  if (const std::string its = input("tool-version"); !asked.tool_version.empty() && its != asked.tool_version)
    return refuse("tool-version", its, asked.tool_version);
  return out;
}

// The blobs of the files that results name. One that is not in the commit (a build made it) cannot be compared with
// another commit.
Result<> note_blobs(const codeql::Asked& asked, const Environment& environment, const sarif::Facts& facts,
                    codeql::Manifest& manifest) {
  TRY_ASSIGN(const codeql::Git git, codeql::Git::open(asked.directory, environment));
  TRY_ASSIGN(manifest.blobs, codeql::blobs_of(git, manifest.commit, facts.paths));
  if (!manifest.not_reusable.empty()) return {};
  for (const std::string& path : facts.paths)
    if (!manifest.blobs.contains(path)) {
      manifest.not_reusable = fmt::format("{}, which a result is about, is not in the commit", path);
      break;
    }
  return {};
}

// An attribute of a put: seconds.
Result<std::string> scan_seconds_of(const Given& given) {
  if (!given.has("--scan-duration")) return std::string();
  const auto seconds = parse_duration(given.get("--scan-duration"));
  if (!seconds)
    return fail(Code::kUsage, fmt::format("put: --scan-duration '{}' is no time", given.get("--scan-duration")),
                "write seconds, or 10s, 5m, 24h");
  return fmt::format("{:.0f}", *seconds);
}

struct PutScan {
  std::string path, digest, not_reusable, key;
  std::uint64_t alerts = 0;
  std::vector<std::string> warnings;
};

Result<PutScan> put_scan(const Given& given, Reach& reach, codeql::Subject& subject, const ScanRequest& request,
                         SarifFile& file, const std::optional<SigningKey>& key) {
  TRY_ASSIGN(const ScanFile scan, read_scan(file));
  TRY(codeql::check_scan(subject, scan.facts));
  codeql::Manifest& manifest = subject.manifest;
  TRY(note_blobs(request.asked, reach.environment(), scan.facts, manifest));
  if (std::string why = codeql::not_reusable(scan.facts); manifest.not_reusable.empty())
    manifest.not_reusable = std::move(why);
  TRY_ASSIGN(const std::string seconds, scan_seconds_of(given));
  if (key && manifest.not_reusable.empty()) codeql::sign_scan(manifest, scan.digest, *key, SystemClock().wall());
  Access::Attributes attributes{{"user.runnerfs.manifest", codeql::manifest_json(manifest)}};
  if (!seconds.empty()) attributes.emplace_back("user.runnerfs.scan_duration", seconds);

  TRY(reach.attach(given));
  if (const auto why = reach.scans_not_kept()) return fail(*why);
  TRY(file.rewind());
  Sha256 again;
  bool ended = false;
  const auto next = [&]() -> Result<BytesView> {
    TRY_ASSIGN(const BytesView piece, file.next());
    if (!piece.empty()) {
      again.update(piece);
    } else if (!ended) {
      ended = true;
      if (hex(again.finish()) != scan.digest)
        return fail(Code::kStale, "the file was changed while it was read", "store it once the scan has ended");
    }
    return piece;
  };
  PutScan out;
  out.path = sarif_file(request.asked.repository, manifest.commit, subject.config, subject.language.name);
  TRY(reach.access().put_from(out.path, next, attributes));
  out.digest = scan.digest;
  out.alerts = scan.facts.alerts;
  out.warnings = scan.facts.warnings;
  out.not_reusable = manifest.not_reusable;
  out.key = manifest.key;
  return out;
}

std::string json_of(const PutScan& put) {
  JsonLine line;
  line.text("path", put.path).text("digest", put.digest).number("alerts_count", put.alerts).text("key", put.key);
  return line.boolean("reusable", put.not_reusable.empty()).text("not_reusable", put.not_reusable).str() + "\n";
}

}  // namespace

int run_codeql_put(const Given& given) {
  // Before -C, which the paths of the command line are not relative to.
  auto file = SarifFile::open(given.arguments[0]);
  if (!file) return report(file.error());
  const std::string manifest = given.has("--manifest") ? absolute_path(given.get("--manifest")) : "";
  std::optional<SigningKey> key;
  if (given.has("--sign")) {
    auto read = writer_key(given.get("--sign"));
    if (!read) return report(read.error());
    key = std::move(*read);
  }
  const auto put = [&]() -> Result<PutScan> {
    if (manifest.empty()) {
      TRY_ASSIGN(ExaminedScan scan, examine_scan(given));
      return put_scan(given, *scan.reach, scan.subject, scan.request, *file, key);
    }
    TRY(enter_directory(given));
    TRY_ASSIGN(const auto reach, Reach::prepare(given));
    TRY_ASSIGN(ScanRequest request, scan_request(given, reach->settings(), reach->environment()));
    TRY(codeql::check_words(request.asked));
    TRY_ASSIGN(codeql::Subject subject, subject_of_manifest(manifest, request.asked));
    return put_scan(given, *reach, subject, request, *file, key);
  }();
  if (!put) {
    Error error = put.error();
    if (error.message.find(given.arguments[0]) == std::string::npos)
      error.message = fmt::format("{}: {}", given.arguments[0], error.message);
    return report(error);
  }
  for (const std::string& warning : put->warnings) warn(printable(warning));
  if (!put->not_reusable.empty())
    warn(fmt::format("it is no ground to skip a scan{}: {}", key ? ", and not signed" : "", printable(put->not_reusable)));
  return print(given.has("--json") ? json_of(*put) : put->path + "\n");
}

}  // namespace rfs
