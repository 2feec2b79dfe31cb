// GitHub's record of scans as this machine reaches it: files below api/ of a daemon's tree, or of this process's own.
#pragma once

#include "backends/codeql/analyses.h"
#include "fs/walk.h"

namespace rfs {

class TreeApi final : public codeql::GithubApi {
 public:
  // access outlives it.
  explicit TreeApi(Access& access) : access_(access) {}
  // Lists of analyses are always asked for, by a conditional request; all else is served as freshness allows.
  Result<> get(const std::string& path, const std::string& query, Media media, const Sink& sink) override;

 private:
  Access& access_;
};

}  // namespace rfs
