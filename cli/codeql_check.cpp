// codeql check: skip or scan? Fails open: whatever goes wrong on the way is a scan with that as its reason.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/encode.h"
#include "base/json.h"
#include "base/out_file.h"
#include "cli/codeql_desk.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/workflow_files.h"

namespace rfs {
namespace {

struct CheckAnswer {
  bool skip = false;
  std::string reason, hint;
  std::string source;  // of a skip
  std::string sarif;   // path, of a skip
  bool needs_upload = false;
  std::optional<codeql::Subject> subject;
  std::optional<codeql::Candidate> chosen;
};

// Where the SARIF of a skip is put when no --output says it: the job's own directory, which ends with the job.
Result<std::string> usual_output(const codeql::Subject& subject, const Environment& environment) {
  std::string directory = variable(environment, "RUNNER_TEMP");
  if (directory.empty()) directory = variable(environment, "TMPDIR");
  if (directory.empty()) directory = "/tmp";
  const codeql::Manifest& manifest = subject.manifest;
  std::string name = fmt::format("{}-{}-{}-{}.sarif", manifest.repository, manifest.commit.substr(0, 12), subject.language.name,
                                 hex(sha256(view(manifest.key))).substr(0, 12));
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string path = absolute_path(fmt::format("{}/runnerfs-codeql-{}/{}", directory, ::geteuid(), name));
  TRY(prepare_private_directory(path.substr(0, path.rfind('/'))));
  return path;
}

Result<> put_sarif(const Given& given, CodeqlDesk& desk, const Environment& environment, CheckAnswer& out) {
  std::string path;
  if (given.has("--output")) {
    path = absolute_path(given.get("--output"));
  } else {
    TRY_ASSIGN(path, usual_output(*out.subject, environment));
  }
  TRY_ASSIGN(OutFile file, OutFile::create(path));
  TRY_ASSIGN(const auto taken, desk.take(*out.subject, *out.chosen, [&](std::string_view bytes) { return file.write(view(bytes)); }));
  TRY(file.commit());
  out.chosen->digest = taken.digest;
  out.sarif = path;
  return {};
}

Result<> check(const Given& given, Reach& reach, CheckAnswer& out) {
  TRY_ASSIGN(const ScanRequest request, scan_request(given, reach.settings(), reach.environment()));
  TRY_ASSIGN(out.subject, codeql::examine(request.asked, reach.environment()));
  codeql::Circumstances circumstances = circumstances_of(request, reach.settings());
  if (given.has("--changed-files")) {
    circumstances.changed_given = true;
    TRY_ASSIGN(circumstances.changed,
               changed_files(given.get("--changed-files"), request.asked.directory, reach.environment()));
  }
  CodeqlDesk desk(given, reach, request);
  codeql::Decision decision = desk.answer(*out.subject, std::move(circumstances));
  out.reason = std::move(decision.reason);
  if (!decision.skip) return {};
  out.chosen = std::move(decision.chosen);
  if (auto put = put_sarif(given, desk, reach.environment(), out); !put)
    return fail(put.error().code,
                fmt::format("{}, but it could not be had: {}", out.reason, put.error().message), put.error().hint);
  out.source = out.chosen->source;
  out.needs_upload = desk.needs_upload(*out.subject);
  desk.count_skip(*out.chosen);
  out.skip = true;
  return {};
}

std::string json_of_check(const CheckAnswer& answer) {
  JsonLine line;
  line.text("answer", answer.skip ? "skip" : "scan").text("reason", answer.reason).text("source", answer.source);
  line.text("sarif", answer.sarif).boolean("needs_upload", answer.needs_upload);
  if (answer.subject) {
    const codeql::Manifest& manifest = answer.subject->manifest;
    line.text("key", manifest.key).text("mode", codeql::mode_word(manifest.mode)).text("commit", manifest.commit);
    line.text("language", answer.subject->language.name).text("config", answer.subject->config);
    line.text("category", answer.subject->category);
  }
  if (answer.skip) line.text("reused_commit", answer.chosen->commit).text("digest", answer.chosen->digest);
  if (!answer.hint.empty()) line.text("hint", answer.hint);
  return line.str() + "\n";
}

std::string text_of_check(const CheckAnswer& answer) {
  std::string out = fmt::format("{}\nreason: {}\n", answer.skip ? "skip" : "scan", printable(answer.reason));
  if (!answer.hint.empty()) out += fmt::format("hint: {}\n", printable(answer.hint));
  if (answer.skip) out += fmt::format("sarif: {}\nneeds-upload: {}\n", answer.sarif, answer.needs_upload);
  return out;
}

Result<> write_outputs(const std::string& file, const CheckAnswer& answer) {
  // What GitHub says of an analysis may hold anything; a zero byte must not keep the answer from the runner.
  std::string reason = answer.reason;
  std::replace(reason.begin(), reason.end(), '\0', '?');
  return append_outputs(file, {{"should-skip-scan", answer.skip ? "true" : "false"},
                               {"cached-result", answer.sarif},
                               {"reason", std::move(reason)},
                               {"needs-upload", answer.needs_upload ? "true" : "false"}});
}

}  // namespace

void codeql_check_refused(const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), "--github-output") == words.end()) return;
  const char* file = std::getenv("GITHUB_OUTPUT");
  if (file == nullptr || *file == '\0') return;
  CheckAnswer answer;
  answer.reason = "the command line of `runnerfs codeql check` is wrong";
  if (auto written = write_outputs(file, answer); !written) warn(written.error().message);
}

int run_codeql_check(const Given& given) {
  CheckAnswer answer;
  std::string outputs;
  // Before -C, which paths of the command line are relative to, and that of the runner is not.
  if (given.has("--github-output")) {
    const char* file = std::getenv("GITHUB_OUTPUT");
    if (file == nullptr || *file == '\0')
      return report({Code::kUsage, "--github-output is given, and GITHUB_OUTPUT names no file", "leave it out outside of a job"});
    outputs = absolute_path(file);
  }
  std::unique_ptr<Reach> reach;
  const auto done = [&]() -> Result<> {
    TRY(enter_directory(given));
    TRY_ASSIGN(reach, Reach::prepare(given));
    return check(given, *reach, answer);
  }();
  if (!done) answer.reason = done.error().message, answer.hint = done.error().hint;
  // First of all what the next step goes by; a runner that cannot be told must not take silence for an answer.
  if (!outputs.empty())
    if (auto written = write_outputs(outputs, answer); !written) return report(written.error());
  const int printed = print(given.has("--json") ? json_of_check(answer) : text_of_check(answer));
  if (printed != 0) return printed;
  return given.has("--exit-code") && !answer.skip ? 1 : 0;
}

}  // namespace rfs
