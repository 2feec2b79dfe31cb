// The entries that a snapshot is made of, or goes into: the store on disk, opened beside whoever uses it; or, where the
// daemon keeps everything in memory, that daemon's, through its socket.
#pragma once

#include <memory>

#include "backends/actions/snapshot.h"
#include "base/fd.h"
#include "cli/snapshot.h"

namespace rfs {

class SnapshotStore {
 public:
  // kUnsupported: nothing is kept here that would outlive this command. The reach outlives it.
  static Result<std::unique_ptr<SnapshotStore>> open(Reach& reach);
  virtual ~SnapshotStore() = default;

  virtual Result<EntrySource> source() = 0;
  virtual DiskTier& store() = 0;
  // Takes in results of scans; channel: the class that their way proves, repository: whose they have to be ("": any).
  virtual ScanTaker scans(std::string channel, std::string repository) = 0;
  // What restore_snapshot() gave to store() and scans() is there for readers when this returns.
  virtual Result<> finish() = 0;
  // Fills in whose credential asks here.
  virtual void fill(TravelRules& rules) = 0;
  virtual const Routes& routes() = 0;
  virtual void count_tampered() = 0;
};

}  // namespace rfs
