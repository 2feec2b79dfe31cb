// What the commands of `runnerfs codeql` share: the scan that is asked about, read from flags, environment and checkout.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/codeql/decide.h"
#include "backends/codeql/writer.h"
#include "cli/access.h"

namespace rfs {

extern const Command kCodeqlCommands[9];

int run_codeql_check(const Given& given);
int run_codeql_put(const Given& given);
int run_codeql_get(const Given& given);
int run_codeql_ls(const Given& given);
int run_codeql_invalidate(const Given& given);
int run_codeql_keygen(const Given& given);
int run_codeql_key(const Given& given);
int run_codeql_explain(const Given& given);
int run_codeql_prepare_upload(const Given& given);
// The command line of `codeql check` is wrong: the answer that the runner reads is "scan" all the same.
void codeql_check_refused(const std::vector<std::string>& words);

struct ScanRequest {
  codeql::Asked asked;
  codeql::ScanEvent event;
  bool local = true;    // results of stores
  bool github = false;  // GitHub's own analyses
  bool vouch = true;    // GitHub may be asked about a result that this job does not rely on
};

// -C DIR: everything is as if the command had been started there. Once, first.
Result<> enter_directory(const Given& given);
// kUsage: words that are none of those that an option takes. What check_words says is not looked at.
Result<ScanRequest> scan_request(const Given& given, const Settings& settings, const Environment& environment);
// The request, and the subject that examine() makes of it, for commands that ask no store.
struct ExaminedScan {
  std::unique_ptr<Reach> reach;  // prepared, not attached
  ScanRequest request;
  codeql::Subject subject;
};
Result<ExaminedScan> examine_scan(const Given& given);

// codeql_writers.cpp. kUsage: an entry of codeql.writers that is no key.
Result<std::vector<Ed25519Public>> trusted_writers(const Settings& settings);
// The secret half, from the file that codeql keygen made.
Result<SigningKey> writer_key(const std::string& path);

// --changed-files: names, relative to the root of the checkout. FILE or - holds them, one a line or NUL-separated; A..B
// is a range for `git diff`. kInvalid: one that leads out of the repository.
Result<std::vector<std::string>> changed_files(const std::string& argument, const std::string& directory,
                                               const Environment& environment);

}  // namespace rfs
