// The rows of `runnerfs snapshot`.
#include "cli/snapshot.h"

namespace rfs {
namespace {

constexpr Flag kDir = {"--dir", "", "DIR", "a directory instead of the Actions cache"};
constexpr Flag kExitCode = {"--exit-code", "", "", "fail when there was nothing to do it with, instead of saying so"};
constexpr Flag kJson = {"--json", "", "", "answer as JSON"};
constexpr Flag kMount = {"--mount", "", "DIR", "ask the daemon that is mounted at DIR"};

constexpr Flag kSaveFlags[] = {
    kDir, {"--force", "", "", "also when nothing changed, or one was saved a short while ago"}, kExitCode, kJson, kMount};
constexpr Flag kRestoreFlags[] = {kDir, kExitCode, kJson, kMount};
constexpr Flag kImportFlags[] = {kJson, kMount};

}  // namespace

const Command kSnapshotCommands[3] = {
    {"snapshot save", run_snapshot_save, "keep what is held for later jobs", "[--dir DIR] [OPTION…]", 0, 0, kSaveFlags,
     true, false,
     "Keeps this repository's answers and cache entries beyond this machine: in the Actions cache of the job, or in DIR.\n"
     "Sealed under CACHE_P2P_SHARED_SECRET; without one only what is known to be public. Never credentials or tokens.\n"
     "Where there is nothing to save to, one line says so and the exit code is 0.",
     "  runnerfs snapshot save\n  runnerfs snapshot save --dir /srv/snapshots"},
    {"snapshot restore", run_snapshot_restore, "take in what an earlier job saved", "[--dir DIR] [OPTION…]", 0, 0,
     kRestoreFlags, true, false,
     "Takes in the newest snapshot of this repository. Answers of GitHub are served only once GitHub has confirmed them to\n"
     "this job's own token, which costs no quota. Where there is nothing to restore, one line says so and the exit code\n"
     "is 0.",
     "  runnerfs snapshot restore\n  runnerfs snapshot restore --dir /srv/snapshots"},
    {"snapshot import", run_snapshot_import, "take in a cache directory of the Python implementation", "DIR", 1, 1,
     kImportFlags, true, false,
     "Takes in the entries of a directory with one JSON file each, as the Python implementation keeps them: below cache/,\n"
     "each for the rest of its time. What is expired, or does not have its own hash, is left out and counted.",
     "  runnerfs snapshot import ~/.cache/github_cli"},
};

}  // namespace rfs
