// GitHub's own analyses as files of api/: what codeql/…/github/LANGUAGE.sarif stands for.
#pragma once

#include <string>

#include "backends/codeql/analyses.h"
#include "backends/results/result_info.h"
#include "base/pool.h"
#include "fs/tree/namespace.h"

namespace rfs {

// The file of the tree that answers a question: "api/repos/…". now: GitHub is asked whatever is held. Pure. kInvalid: no
// such path exists.
Result<std::string> file_of_api(const codeql::ApiQuestion& question, codeql::GithubApi::Media media, bool now);

// Any thread.
class GithubScans {
 public:
  // root: with api/ in it. ref: of this job, whose analyses come before those of other refs; "": there is none. Both
  // outlive it and what is being asked.
  GithubScans(Namespace& root, Pool& pool, std::string ref) : root_(root), pool_(pool), ref_(std::move(ref)) {}

  // GitHub's newest analysis of the commit and language without an error, as a file of api/. kNotFound: there is none
  // among the newest hundred of the job's ref, nor of all refs; else as GitHub answers.
  void find(const results::ResultName& name, const Caller& caller, Reply<FilePtr> reply);

 private:
  Namespace& root_;
  Pool& pool_;
  const std::string ref_;
};

}  // namespace rfs
