// Skip or scan? Pure: everything that was found out goes in, one answer with its reason comes out. Whatever is not
// certain is a scan: a needless scan costs minutes, a needless skip hides a vulnerability.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/codeql/subject.h"
#include "backends/codeql/trust.h"

namespace rfs::codeql {

// A stored result that could stand for the scan.
struct Candidate {
  std::string source;  // "the local store", "GitHub"
  std::string trust;   // class, as its way proves it
  std::string key;     // of its manifest
  std::string not_reusable;  // why it is no ground for a skip; "" when it is one
  std::string uncertain;     // what of it is not known, as an input that may move; "" when all is
  std::string commit, ref;
  std::string tree;          // of that commit; "" when it is not known
  std::string digest;        // SHA-256 of the SARIF, hex; "" when it is not known yet
  double analysed_at = 0;    // wall seconds
  std::string word;          // on whose word it is of this class, "the writer …"; "" on that of its way
  std::string id;            // how its source finds it again
};

struct Decision {
  bool skip = false;
  std::string reason;  // one sentence
  std::optional<Candidate> chosen;  // of a skip
};

struct Circumstances {
  ScanEvent event;
  double now = 0;      // wall seconds
  double max_age = 0;  // seconds that a result lasts while an input of it may move
  std::vector<std::string> changed;  // --changed-files: names, relative to the root
  bool changed_given = false;
  std::vector<std::string> sources;  // that were asked: "the local store", "GitHub"
};

// Why the scan must run whatever is stored; "" when a stored result may stand for it. Worth asking before the stores.
std::string must_scan(const Subject& subject, const Circumstances& circumstances);

// candidates: of one or several sources, in the order in which they are preferred. `lack`: why a source could not be
// asked, "" when all were; it is part of the reason for a scan, and no reason against a skip.
Decision decide(const Subject& subject, const Circumstances& circumstances, const std::vector<Candidate>& candidates,
                const std::string& lack = {});

}  // namespace rfs::codeql
