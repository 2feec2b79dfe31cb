#include "backends/codeql/work_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/fd.h"
#include "base/text.h"

namespace rfs::codeql {
namespace {

constexpr int kDeepest = 8;  // submodules within submodules
constexpr std::string_view kPointer = "version https://git-lfs.github.com/spec/v1\n";

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// A sentence for a line of `git status --porcelain`: "XY path".
std::string difference(std::string_view record) {
  const std::string path(record.substr(3));
  if (record.starts_with("??")) return path + " is not tracked by git";
  if (record.starts_with("!!")) return path + " is ignored by git, but a scan would read it";
  if (record[0] == 'D' || record[1] == 'D') return path + " is deleted";
  return path + " is modified";
}

Result<std::string> first_difference(const Git& git) {
  std::string found;
  TRY(git.records({"status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal",
                   "--ignored=traditional", "--ignore-submodules=none"},
                  {}, [&](std::string_view record) {
                    if (record.size() > 3) found = difference(record);
                    return found.empty();
                  }));
  if (!found.empty()) return found;
  // Files that git was told to take for unchanged without a look.
  TRY(git.records({"ls-files", "-v", "-z"}, {}, [&](std::string_view record) {
    if (record.size() < 3 || record[0] == 'H') return true;
    found = fmt::format("{} is marked {}, so that git does not look at it", record.substr(2),
                        record[0] == 'S' || record[0] == 's' ? "skip-worktree" : "assume-unchanged");
    return false;
  }));
  return found;
}

// A pointer that stands for a file's content, instead of the content.
Result<bool> is_pointer(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return fail_errno(errno, "a file of Git LFS cannot be read");
  char buffer[kPointer.size()];
  const ssize_t size = ::read(file.get(), buffer, sizeof buffer);
  if (size < 0) return fail_errno(errno, "a file of Git LFS cannot be read");
  return std::string_view(buffer, static_cast<std::size_t>(size)) == kPointer;
}

Result<bool> uses_lfs(const Git& git, const TreeSummary& tree) {
  for (const auto& [path, id] : tree.attributes()) {
    TRY_ASSIGN(const std::string content, git.blob(id));
    if (content.find("filter=lfs") != std::string::npos) return true;
  }
  return false;
}

Result<> inspect_lfs(const Git& git, WorkTreeState& out) {
  bool pointers = false, content = false;
  Result<bool> pointer = false;
  TRY(git.records({"ls-files", "-z", "--", ":(attr:filter=lfs)"}, {}, [&](std::string_view path) {
    pointer = is_pointer(fmt::format("{}/{}", git.work_tree(), path));
    if (pointer) (*pointer ? pointers : content) = true;
    return pointer.has_value();
  }));
  if (!pointer) return fail(std::move(pointer.error()));
  if (pointers && content) out.doubts.push_back("some files of Git LFS are here, others are pointers only");
  if (pointers || content) out.lfs = content ? "content" : "pointers";
  return {};
}

Result<> inspect(const Git& git, const TreeSummary& tree, const Environment& environment, const std::string& prefix,
                 int depth, bool same, WorkTreeState& out) {
  if (!same) {
    TRY_ASSIGN(const std::string difference, first_difference(git));
    if (!difference.empty()) out.doubts.push_back(prefix + difference);
  }
  TRY_ASSIGN(const bool lfs, uses_lfs(git, tree));
  if (lfs) TRY(inspect_lfs(git, out));
  for (const std::string& path : tree.submodules()) {
    const std::string place = git.work_tree() + "/" + path;
    if (!exists(place + "/.git")) continue;
    if (depth == kDeepest) return fail(Code::kTooLarge, "submodules are nested too deep");
    TRY_ASSIGN(const Git inner, Git::open(place, environment));
    TRY_ASSIGN(const Git::Commit head, inner.commit("HEAD"));
    TreeSummary below;
    TRY(list_tree(inner, head.id, [&](const TreeEntry& entry) {
      below.add(entry);
      return true;
    }));
    out.submodules.push_back(prefix + path);
    TRY(inspect(inner, below, environment, prefix + path + "/", depth + 1, false, out));
  }
  return {};
}

}  // namespace

Result<WorkTreeState> inspect_work_tree(const Git& git, const TreeSummary& tree, const Environment& environment,
                                        bool same) {
  WorkTreeState out;
  if (git.work_tree().empty()) {
    TRY_ASSIGN(const bool lfs, uses_lfs(git, tree));
    if (lfs)
      out.lfs = "unknown",
      out.doubts.push_back("without a checkout nobody knows whether Git LFS would fetch its files");
    if (!tree.submodules().empty())
      out.doubts.push_back("without a checkout nobody knows whether submodules would be checked out");
    return out;
  }
  TRY(inspect(git, tree, environment, "", 0, same, out));
  std::sort(out.submodules.begin(), out.submodules.end());
  return out;
}

}  // namespace rfs::codeql
