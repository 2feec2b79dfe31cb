// What this machine last saved or restored, so that a save knows whether anything changed:
// $XDG_STATE_HOME/runnerfs/snapshot.json. Shown by `status`.
#pragma once

#include <string>

#include "backends/actions/snapshot.h"
#include "cli/snapshot.h"

namespace rfs {

struct LastSnapshot {
  std::string name, place, repository;
  std::string fingerprint;  // keyed when sealed: names and contents cannot be guessed from it
  double time = 0;          // wall seconds
};
std::string fingerprint_text(const Digest& fingerprint, const SnapshotJob& job);

LastSnapshot last_snapshot(const Environment& environment);
// Failures are of no consequence: the next save saves again.
void keep_last_snapshot(const Environment& environment, const LastSnapshot& last, std::string_view what);

}  // namespace rfs
