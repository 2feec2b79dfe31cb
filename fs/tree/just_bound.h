// JustBound: the kernel stats a node that it knows nothing of (its permissions) before it opens it. The stat fetches, and
// the open by the same thread that follows at once is the same read: it must not ask again, and not be counted again.
// Any thread.
#pragma once

#include <string>
#include <unordered_map>

#include "base/sync.h"
#include "base/time.h"
#include "fs/tree/namespace.h"

namespace rfs {

class JustBound {
 public:
  explicit JustBound(const Clock& clock) : clock_(clock) {}

  void remember(const std::string& path, const Caller& caller, const FilePtr& file) {
    auto files = files_.lock();
    const SteadyTime now = clock_.steady();
    if (files->size() >= kMost) std::erase_if(*files, [&](const auto& one) { return now - one.second.when > kWindow; });
    if (files->size() < kMost) (*files)[id(path, caller)] = {file, now};
  }
  // Once; null when there is nothing, or too late.
  FilePtr take(const std::string& path, const Caller& caller) {
    auto files = files_.lock();
    const auto found = files->find(id(path, caller));
    if (found == files->end()) return nullptr;
    const Bound bound = std::move(found->second);
    files->erase(found);
    return clock_.steady() - bound.when <= kWindow ? bound.file : nullptr;
  }

 private:
  struct Bound {
    FilePtr file;
    SteadyTime when;
  };
  static constexpr std::size_t kMost = 4096;
  static constexpr Millis kWindow{1'000};
  static std::string id(const std::string& path, const Caller& caller) { return std::to_string(caller.pid) + "/" + path; }

  const Clock& clock_;
  Sync<std::unordered_map<std::string, Bound>> files_;
};

}  // namespace rfs
