// What makes a repository unfit for a sound answer, whatever is in it. Each doubt alone means: scan.
#pragma once

#include <string>
#include <vector>

#include "backends/codeql/git.h"

namespace rfs::codeql {

// Settings of a repository that change what a checkout of the same tree looks like.
struct CheckoutSettings {
  std::string autocrlf = "false", eol = "native", symlinks = "true";
};

struct RepositoryState {
  std::vector<std::string> doubts;  // sentences: SHA-256, a partial clone, a sparse checkout, replace refs, grafts
  CheckoutSettings checkout;
};

// kBroken and kTimeout when git does not answer, which is a doubt too. Any thread.
Result<RepositoryState> inspect_repository(const Git& git);

}  // namespace rfs::codeql
