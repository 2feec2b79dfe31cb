// Paths: which files of the repository the results of a run name. Bounded: what does not fit, or cannot be placed in
// the repository, is told by lack(). One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace rfs::sarif {

// artifactLocation.
struct Place {
  std::string uri, base;    // uriBaseId
  std::int64_t index = -1;  // into run.artifacts

  void clear() {
    uri.clear();
    base.clear();
    index = -1;
  }
};

class Paths {
 public:
  static constexpr std::size_t kPathsMost = 20'000, kTextMost = 4u << 20, kArtifactTextMost = 4u << 20,
                               kBasesMost = 100;

  void named_by_result(const Place& place);
  // run.artifacts[], in their order.
  void artifact(const Place& place);
  // run.originalUriBaseIds[name].
  void base(std::string name, const Place& place);
  // The run has ended. root: the absolute directory of the checkout, or "" when it is not known. Into `out`, and why
  // something is missing there into `lack` (unless it says something already).
  void settle(const std::string& root, std::set<std::string>& out, std::string& lack);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  void keep(const Place& place);
  // The directory that a base stands for, relative to the repository ("" or "a/b/"); false: not known.
  bool directory_of(const std::string& name, const std::string& root, std::string& out) const;

  std::unordered_set<std::string, Hash, std::equal_to<>> named_;  // base NUL uri
  std::string key_;
  std::size_t text_ = 0;
  std::set<std::int64_t> indices_;  // results that name their file by its index alone
  std::vector<std::string> artifacts_;
  std::size_t artifact_text_ = 0;
  std::map<std::string, Place> bases_;
  bool too_many_ = false;
};

// "./a/%2E/b/../c" → "a/c"; false for a path that leads out of its root, is the root, or is not well-formed.
bool relative_path(std::string_view uri, std::string& out);

}  // namespace rfs::sarif
