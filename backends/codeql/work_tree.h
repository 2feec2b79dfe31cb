// Is what lies on disk exactly the commit, so that a scan of it sees what the commit's tree says?
#pragma once

#include <string>
#include <vector>

#include "backends/codeql/git.h"
#include "backends/codeql/tree.h"

namespace rfs::codeql {

struct WorkTreeState {
  std::vector<std::string> doubts;  // "src/a.py is modified", "build/ is ignored by git, but not by a scan", …
  // Submodules that are checked out here, with those within them; sorted. The others are empty directories.
  std::vector<std::string> submodules;
  // Of files that Git LFS keeps elsewhere: "none" are there, "pointers" to them, or their "content".
  std::string lfs = "none";
};

// HEAD, index, files, and all that git does not track: untracked and ignored files too, since extractors do not honour
// .gitignore, and also within submodules. `tree` is that of HEAD. Without a work tree, submodules and LFS cannot be
// told, which is a doubt where the tree has any. `same`: files and index are known to be those of the tree already
// (index.h). Any thread; kBroken and the like when git does not answer.
Result<WorkTreeState> inspect_work_tree(const Git& git, const TreeSummary& tree, const Environment& environment,
                                        bool same = false);

}  // namespace rfs::codeql
