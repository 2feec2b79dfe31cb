// The files of a commit as git lists them, and digests of them that say whether a scan would see the same.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/codeql/git.h"
#include "crypto/hash.h"

namespace rfs::codeql {

// One line of `git ls-tree -r`: "100644" a file, "100755" an executable one, "120000" a symlink, "160000" the commit
// that a submodule is pinned to.
struct TreeEntry {
  std::string_view mode, id, path;
  bool file() const { return mode.starts_with("100"); }
  bool submodule() const { return mode == "160000"; }
};

// Every entry of the commit below its root, sorted by the bytes of the path; false ends it. Streamed: memory does not
// grow with the tree. kBroken: a tree is missing, git stopped.
Result<> list_tree(const Git& git, const std::string& commit, const std::function<bool(const TreeEntry&)>& visit);

// Gathers what the key needs of a tree, entry by entry in the order of list_tree.
class TreeSummary {
 public:
  void add(const TreeEntry& entry);
  // The digest over every path and mode, and over the content of all that is not inert: documents and pictures that
  // the extractors of languages without a build do not read (.md, .png, …). Where the tree holds queries, whose help is
  // written in .md, that is not inert. Ends it.
  std::string inert_digest();

  std::uint64_t entries() const { return entries_; }
  bool has_queries() const { return queries_; }
  const std::vector<std::string>& submodules() const { return submodules_; }                         // paths
  const std::map<std::string, std::string>& attributes() const { return attributes_; }               // .gitattributes
  const std::map<std::string, std::string>& workflows() const { return workflows_; }                 // path → blob

 private:
  std::uint64_t entries_ = 0;
  bool queries_ = false;
  Sha256 digest_, with_documents_;
  std::vector<std::string> submodules_;
  std::map<std::string, std::string> attributes_, workflows_;
};

}  // namespace rfs::codeql
