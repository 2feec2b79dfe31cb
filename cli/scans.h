// Scans: codeql/ of a daemon: the store of results of scans, and the tree before it. The store is opened at the first
// use; one that cannot be had leaves the rest of the tree as it is, and codeql/ answers the reason.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "backends/codeql/trust.h"
#include "backends/results/results.h"
#include "cli/keys.h"
#include "cli/settings.h"
#include "fs/tree/codeql.h"
#include "fs/tree/codeql_github.h"
#include "fs/tree/lazy.h"
#include "fs/tree/root.h"

namespace rfs {

class Scans {
 public:
  // What it works with; all of it outlives the object.
  struct Parts {
    const Settings& settings;
    const ChosenKey& key;
    const Clock& clock;
    Pool& pool;
    Counters& counters;
    ErrorRing& errors;
    Root& root;  // for GitHub's analyses in api/
  };
  // event: of this job; what it stores is of that event's class of trust.
  Scans(const Parts& parts, const codeql::ScanEvent& event);

  // Any thread from here on.
  Namespace& tree() { return lazy_; }
  // The results, opened now if they were not; or why there are none.
  Result<results::Results*> results();
  // Why results end with this process; nullopt when they are kept on disk. Opens nothing.
  std::optional<Error> not_kept() const;
  // Once a second: what other processes stored.
  void tick();
  // Writes out what is queued.
  Result<> flush();
  // The member "codeql" of status.json. Opens nothing.
  std::string status_json() const;

 private:
  void open();
  Result<std::unique_ptr<EntryStore>> open_store();
  std::optional<Error> nowhere() const;

  const Parts parts_;
  const std::string trust_;
  GithubScans github_;
  Lazy lazy_;
  // Written by open(), once; read by whoever called it, or found opened_ set.
  std::once_flag once_;
  std::atomic<bool> opened_{false};
  std::optional<Error> error_;
  std::string notice_;
  std::unique_ptr<EntryStore> store_;
  std::unique_ptr<results::Results> results_;
  std::unique_ptr<Namespace> tree_;
};

}  // namespace rfs
