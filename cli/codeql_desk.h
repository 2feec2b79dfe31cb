// CodeqlDesk: where a command asks for results of scans, and takes them out: the store of this machine, then GitHub's own
// analyses. What it needs is reached when it is first asked for. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/codeql/analyses.h"
#include "backends/codeql/decide.h"
#include "backends/sarif/facts.h"
#include "cli/codeql.h"
#include "cli/codeql_github.h"
#include "cli/codeql_stored.h"

namespace rfs {

class CodeqlDesk {
 public:
  // All of them outlive it. reach: prepared; attached here.
  CodeqlDesk(const Given& given, Reach& reach, const ScanRequest& request)
      : given_(given), reach_(reach), request_(request) {}

  // Skip or scan. A source that cannot be asked is named in the reason of a scan.
  codeql::Decision answer(const codeql::Subject& subject, codeql::Circumstances circumstances);
  // What was looked at for the answer.
  const std::vector<codeql::Candidate>& candidates() const { return candidates_; }

  // The SARIF of a candidate, piece by piece; read through: whole, sound, and the scan that it is taken for.
  struct Taken {
    sarif::Facts facts;
    std::string digest;  // SHA-256, hex
  };
  using Sink = std::function<Result<>(std::string_view)>;
  Result<Taken> take(const codeql::Subject& subject, const codeql::Candidate& candidate, const Sink& sink);
  // The blobs that the files which a candidate's results name had when it was scanned; those of `subject` where the
  // whole tree is the same.
  Result<std::map<std::string, std::string>> blobs(const codeql::Subject& subject, const codeql::Candidate& candidate,
                                                   const sarif::Facts& facts);
  // Counts a skip, with the time that it saved where that is known.
  void count_skip(const codeql::Candidate& candidate);
  // False: GitHub is known to have this commit's analysis for the category.
  bool needs_upload(const codeql::Subject& subject);

 private:
  Result<> attach();
  Result<codeql::GithubSource*> github();
  Result<bool> has_store();
  void ask_store(const codeql::Subject& subject, codeql::Circumstances& circumstances);
  void look_for_signatures(const codeql::Circumstances& circumstances);
  void ask_for_word(const codeql::Subject& subject, const codeql::Circumstances& circumstances);
  void ask_github(const codeql::Subject& subject, codeql::Circumstances& circumstances);
  const StoredScan* stored(const codeql::Candidate& candidate) const;
  Result<> read(const codeql::Candidate& candidate, const std::function<bool(BytesView)>& sink);
  void note_lack(const char* who, const Error& error);

  const Given& given_;
  Reach& reach_;
  const ScanRequest& request_;
  std::optional<Result<>> attached_;
  std::unique_ptr<TreeApi> api_;
  std::unique_ptr<codeql::GithubSource> github_;
  std::vector<StoredScan> stored_;
  std::vector<codeql::Candidate> candidates_;
  std::string lack_;
};

// The event, the time, and how long a result lasts while an input of its scan may move.
codeql::Circumstances circumstances_of(const ScanRequest& request, const Settings& settings);

}  // namespace rfs
