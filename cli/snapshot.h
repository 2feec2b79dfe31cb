// The commands of `runnerfs snapshot`, and what they share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "backends/actions/snapshot.h"
#include "backends/actions/snapshot_place.h"
#include "cli/access.h"
#include "cli/command.h"
#include "cli/secrets_env.h"

namespace rfs {

extern const Command kSnapshotCommands[3];
int run_snapshot_save(const Given& given);
int run_snapshot_restore(const Given& given);
int run_snapshot_import(const Given& given);

// What the environment says, taken before anything removes it from there: take_secrets() does.
struct SnapshotSecrets {
  EnvironmentToken fleet;  // its network part alone
  SecretBytes runtime;     // ACTIONS_RUNTIME_TOKEN
  SecretBytes token;       // GITHUB_TOKEN, GH_TOKEN: to remove older snapshots with
};
SnapshotSecrets take_snapshot_secrets();

// The job that a snapshot is made for: whose, under which key, and whether its event may.
struct SnapshotJob {
  std::string name;        // "octo/hello" in lower case; "" unknown
  std::string id;          // decimal; "" unknown
  std::string repository;  // as in SnapshotHead: the id, else the name
  bool known_public = false;
  std::string ref, branch;   // GITHUB_REF, and its branch_word()
  std::string cls;
  std::optional<SecretBytes> key;  // snapshot_key() of the fleet's secret; none: nothing is sealed
  std::optional<SecretBytes> previous_key;  // of the secret before a rotation: opens, and seals nothing
  std::string weakness;                     // of the secret, or ""
  // Why not, each with a hint; nullopt: it may.
  std::optional<Error> no_save, no_restore;
};
// kInvalid, kNoKey, and no job: the fleet's secret was mistyped, or its file cannot be had.
Result<SnapshotJob> snapshot_job(const SnapshotSecrets& secrets, const Settings& settings,
                                 const Environment& environment);

// The place that was asked for with --dir, else the Actions cache of the job. kUnsupported: there is none here.
Result<std::unique_ptr<SnapshotPlace>> snapshot_place(const Given& given, SnapshotSecrets& secrets,
                                                      const SnapshotJob& job, const Settings& settings,
                                                      const Environment& environment, bool save);

// How a command ended. Only what the caller asked for and cannot be had is a failure; a job goes on without a snapshot.
class SnapshotOutcome {
 public:
  SnapshotOutcome(const Given& given, const char* what) : given_(given), what_(what) {}
  // Nothing was done, and that is as it should be.
  int skipped(const Error& why) const { return said(why, "skipped", false); }
  // Nothing was done, and somebody should know: one line with the hint.
  int without(const Error& why) const { return said(why, "failed", true); }
  // json: what the answer holds beside its status; text: the line to print.
  int done(const char* status, const std::string& json, const std::string& text) const;

 private:
  int said(const Error& why, const char* status, bool warning) const;
  const Given& given_;
  const char* what_;  // "saved", "restored"
};

// Counts on stderr while it takes long and somebody looks.
Progress snapshot_progress(const char* what);

}  // namespace rfs
