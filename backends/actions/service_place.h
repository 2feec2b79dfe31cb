// The Actions cache as a place for snapshots.
#pragma once

#include <functional>
#include <memory>

#include "backends/actions/cache_service.h"
#include "backends/actions/snapshot_place.h"

namespace rfs {

// Removes older snapshots of a branch by GitHub's REST API; answers how many. Empty: nobody may.
using OldRemover = std::function<std::uint64_t(const SnapshotName& than)>;

// web: for the blobs. Everything outlives the place.
std::unique_ptr<SnapshotPlace> service_place(CacheService& service, Web& web, OldRemover remover);

// What makes an entry one of ours: snapshots of another format are not found by this one.
std::string snapshot_cache_version();

struct RemoverOptions {
  std::string api_url;     // "https://api.github.com"
  std::string repository;  // "octo/hello"
  std::string ref;         // "refs/heads/main"
  std::string user_agent;
  std::shared_ptr<const SecretBytes> token;  // bearer()
};
// Lists by the beginning of the key and removes by id, at most ten at once; whatever fails ends it without a word.
OldRemover rest_remover(RemoverOptions options, Web& web);

}  // namespace rfs
