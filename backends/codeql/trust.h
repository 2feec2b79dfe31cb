// Who may rely on whose result. A result that says "no alerts" is a decision about security: whoever relies on it must
// not trust the job that made it less than himself. The class is what the way of a result proves, never what the result
// says of itself; GitHub's own record of an analysis is the one thing that raises it.
//
//   default       a push to the default branch or a protected one, a merge queue's group: read by all
//   ref:REF       another branch or a tag: read by jobs of that ref
//   pull:N        a pull request of this repository: read by jobs of that pull request
//   event:NAME    an event whose code and content come from different places: read by that event
//   local         no job: a person's own machine; read outside of jobs
//   fork          a pull request from a fork, Dependabot: read by nobody
#pragma once

#include <string>

#include "backends/github/event.h"

namespace rfs::codeql {

struct ScanEvent {
  JobEvent job;
  std::string ref;             // GITHUB_REF
  std::string default_branch;  // "main"; "" when it is not known
  std::string pull;            // the number of a pull request
  bool ref_protected = false;  // GITHUB_REF_PROTECTED
};

ScanEvent scan_event(const Variables& variables, const FileReader& read);

std::string trust_class(const ScanEvent& event);
// Whether a job of class `reader` may rely on a result of class `stored`.
bool may_rely(const std::string& reader, const std::string& stored);
// The class of what passed through both: only readers who may rely on each may rely on it.
std::string lower_trust(const std::string& one, const std::string& other);
// A sentence for a class: "a push to refs/heads/topic".
std::string trust_words(const std::string& trust);

// Why this event always scans, whatever is stored; "" for the others.
std::string always_scans(const ScanEvent& event);

}  // namespace rfs::codeql
