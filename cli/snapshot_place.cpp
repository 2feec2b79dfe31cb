#include "cli/places.h"
#include "cli/snapshot.h"

namespace rfs {

Result<std::unique_ptr<SnapshotPlace>> snapshot_place(const Given& given, SnapshotSecrets&, const SnapshotJob&,
                                                      const Settings&, const Environment&) {
  if (given.has("--dir")) {
    if (given.get("--dir").empty())
      return fail(Code::kUsage, "snapshot: --dir is empty", "name a directory, or leave it out for the Actions cache");
    return directory_place(absolute_path(given.get("--dir")));
  }
  return fail(Code::kUnsupported, "there is no Actions cache here", "name a directory with --dir");
}

}  // namespace rfs
