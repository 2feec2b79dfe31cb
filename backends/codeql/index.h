// Git's index, read here: whether every file on disk is what git wrote there, and nothing else lies beside them, told by
// one look at each file on all cores. `git status` needs a multiple of that. Only ever sure of "yes": whatever this reader
// does not know (git-index-format(5): version 4, extensions that are required, submodules, conflicts, files marked
// assume-unchanged, a file as young as the index itself) is left to `git status`, which then says what differs.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/codeql/git.h"
#include "backends/codeql/tree.h"

namespace rfs::codeql {

class IndexedFiles {
 public:
  // Reads the index and begins to look at the files, in threads of its own. Never fails: what cannot be read is not known.
  static std::unique_ptr<IndexedFiles> begin(const Git& git);
  ~IndexedFiles();  // waits for its threads

  // Each entry of the commit, in the order of list_tree: the index must hold these and no others.
  void expect(const TreeEntry& entry);
  // True: index, files and the entries that were expected are one, and there is nothing untracked or ignored. Waits.
  bool all_as_committed();

  struct Entry {
    std::uint32_t ctime_s, ctime_ns, mtime_s, mtime_ns, ino, mode, uid, gid, size;
    std::string_view id;    // 20 bytes
    std::string_view path;  // a zero byte follows it
  };
  // The entries of an index file, views of it; false: there is something in it that this reader does not know. Pure.
  static bool parse(std::string_view index, std::vector<Entry>& out);

 private:
  struct Directory {
    std::string path;                    // below the root; "" is it
    std::size_t names = 0;               // of files and directories, straight below it
    std::vector<const Entry*> files;
  };
  struct Moment {
    std::int64_t seconds = 0, nanoseconds = 0;
  };

  IndexedFiles() = default;
  bool read(const std::string& file);
  void sort_into_directories();
  bool is_as_written(const Directory& directory) const;
  bool look_at_all(std::size_t first, std::size_t step) const;

  std::string content_;
  std::vector<Entry> entries_;
  std::vector<Directory> directories_;
  Moment written_;
  std::string root_;
  bool known_ = false;      // so far, everything
  std::size_t expected_ = 0;
  std::vector<std::future<bool>> looks_;
};

}  // namespace rfs::codeql
