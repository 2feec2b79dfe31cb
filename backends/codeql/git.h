// Git: what a repository says of itself, by running `git` plumbing. Never a shell, never a write: no index is refreshed,
// no object is fetched, no hook, filter driver of a diff, or file system monitor of the repository's configuration is
// started. Git itself may run a clean filter (Git LFS) where only that can tell whether a file was changed.
//
// The environment is named, not inherited: of GIT_* (which could point elsewhere) nothing is passed on. Replace refs
// are never followed. Immutable after open(); any thread; blocks until git has answered, at most a minute.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/result.h"

namespace rfs::codeql {

using Environment = std::map<std::string, std::string>;

class Git {
 public:
  // The repository that `directory` lies in. Failures: kUnsupported (no git in PATH), kNotFound (no repository),
  // kDenied (git does not trust the directory: safe.directory), kBroken (git says something else).
  // environment: of the caller; PATH, HOME and XDG_CONFIG_HOME of it are used.
  static Result<Git> open(const std::string& directory, const Environment& environment);

  const std::string& work_tree() const { return work_tree_; }  // absolute; "" for a bare repository
  const std::string& directory() const { return directory_; }  // of this work tree's own files: index, HEAD
  const std::string& common() const { return common_; }        // of what work trees share: objects, refs, config
  const std::string& object_format() const { return object_format_; }  // "sha1" | "sha256"
  bool shallow() const { return shallow_; }

  // The full ids of a commit and of its root tree. name: "HEAD" or a full id. kNotFound: no such commit here.
  struct Commit {
    std::string id, tree;
  };
  Result<Commit> commit(const std::string& name) const;

  // stdout of `git WORDS`, at most 1 MiB. An exit code other than 0 and `accepted` is kBroken with git's first line.
  Result<std::string> ask(const std::vector<std::string>& words, std::string_view input = {}, int accepted = 0) const;
  // stdout piece by piece; false ends it.
  Result<> stream(const std::vector<std::string>& words, std::string_view input,
                  const std::function<bool(BytesView)>& sink) const;
  // stdout cut at NUL: `git WORDS -z`. A last piece without a NUL is kBroken; false ends it.
  Result<> records(const std::vector<std::string>& words, std::string_view input,
                   const std::function<bool(std::string_view)>& record) const;
  // The content of an object, at most `limit` bytes (kTooLarge). kNotFound: it is missing.
  Result<std::string> blob(const std::string& id, std::size_t limit = 1u << 20) const;

 private:
  Git() = default;
  std::vector<std::string> words(const std::vector<std::string>& more) const;
  std::vector<std::string> environment_;
  std::string at_, work_tree_, directory_, common_, object_format_;
  bool shallow_ = false;
};

// 40 (or, for sha256, 64) hex digits, in lower case. nullopt: it is no full id.
std::optional<std::string> full_id(std::string_view text);

}  // namespace rfs::codeql
