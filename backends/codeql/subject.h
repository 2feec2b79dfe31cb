// Subject: the scan that is asked about, with its key and everything that speaks against answering it from a store.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/codeql/git.h"
#include "backends/codeql/key.h"
#include "backends/codeql/languages.h"

namespace rfs::codeql {

struct Asked {
  std::string directory;     // where the checkout is
  std::string repository;    // owner/name
  std::string language;      // name or alias
  std::string config = "default";  // a suite or JSON
  std::string tool_version;  // of the CodeQL CLI that would scan; "" when nobody knows
  std::string build_mode;    // none | autobuild | manual; "" when it is not said
  std::string category;      // "": /language:LANGUAGE
  std::string commit;        // "": HEAD
  Mode mode = Mode::kAuto;
};

struct Subject {
  Language language;
  std::string config;  // canonical (config.h): the directory's name
  std::string category;
  Manifest manifest;   // trust and blobs are for others to fill in
  std::string workflow;  // path of the workflow's file, "" when it is not known
  std::map<std::string, std::string> workflows;  // all that the commit holds: path → blob
  // Why no stored result may stand for this scan; sentences. The first is the reason that is given.
  std::vector<std::string> doubts;
};

// What is wrong with the words alone: kUsage for an unknown language, mode or build mode, kInvalid for a commit that is
// no SHA, a repository that is no owner/name, a configuration that is no JSON. Asks nobody.
Result<> check_words(const Asked& asked);

// Looks at the repository around asked.directory. Failures: as Git::open and check_words. What git cannot tell later is
// a doubt, not a failure. environment: of the job, without secrets (GITHUB_*, RUNNER_*, ImageOS, CODEQL_*, …).
// Blocks for some runs of git. Any thread.
Result<Subject> examine(const Asked& asked, const Environment& environment);

}  // namespace rfs::codeql
