// A stored SARIF made truthful for another commit, so that it can be uploaded for it: results and fingerprints are
// passed on byte for byte; of each run only what binds it to the scan that made it is changed:
// - properties: jobRunUuid is dropped, "runnerfs.reusedFrom" {commit, digest, analysedAt} added
// - versionControlProvenance, where there is one, names the new commit
// The category (automationDetails) is kept.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/codeql/git.h"

namespace rfs::codeql {

struct ReusedFrom {
  std::string commit;       // that was scanned
  std::string digest;       // SHA-256 of the stored SARIF, hex
  std::string analysed_at;  // RFC 3339
};

struct NewHome {
  std::string repository_url;  // "https://github.com/octo/hello"
  std::string commit;
  std::string branch;  // "" when it is none
};

// A filter: bytes in, bytes out, as they come; memory is bounded. REQUIRES: what goes in was read by sarif::Reader
// without an error. One thread.
class Reupload {
 public:
  using Sink = std::function<Result<>(std::string_view)>;
  Reupload(const ReusedFrom& from, const NewHome& home, Sink sink);
  ~Reupload();
  // kInvalid: names written with escapes where they matter, or properties larger than 4 MiB.
  Result<> push(std::string_view bytes);
  // kInvalid when what came was no log with at least one run, so that nothing empty or partial can pass for a result.
  Result<> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether every file that a result names is the same in `commit`: its blob's id, by the list of the commit's tree
// alone. kNotFound names the first that differs or is gone.
Result<> check_blobs(const Git& git, const std::string& commit, const std::map<std::string, std::string>& blobs);
// The blobs of `paths` in a commit. A path that is not in it is left out.
Result<std::map<std::string, std::string>> blobs_of(const Git& git, const std::string& commit,
                                                    const std::vector<std::string>& paths);

}  // namespace rfs::codeql
