// Scans: codeql/ of a daemon: the store of results of scans, and the tree before it. The store is opened at the first
// use; one that cannot be had leaves the rest of the tree as it is, and codeql/ answers the reason.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "backends/actions/snapshot.h"
#include "backends/codeql/trust.h"
#include "backends/peers/peers.h"
#include "backends/results/peer_scans.h"
#include "backends/results/results.h"
#include "cli/keys.h"
#include "cli/settings.h"
#include "fs/tree/codeql.h"
#include "fs/tree/codeql_github.h"
#include "fs/tree/lazy.h"
#include "fs/tree/root.h"

namespace rfs {

class Scans final : public ScanSource {
 public:
  // What it works with; all of it outlives the object.
  struct Parts {
    const Settings& settings;
    const ChosenKey& key;
    const Clock& clock;
    Pool& pool;
    Counters& counters;
    ErrorRing& errors;
    Root& root;    // for GitHub's analyses in api/
    Peers& peers;  // asked for what is not stored
  };
  // event: of this job; what it stores is of that event's class of trust.
  Scans(const Parts& parts, const codeql::ScanEvent& event);

  // Any thread from here on.
  Namespace& tree() { return lazy_; }
  // The results, opened now if they were not; or why there are none.
  Result<results::Results*> results();
  // Results for a snapshot, when there are any; opens no store that was not made yet. What cannot be read stays behind.
  Result<> each_travelling(const std::function<bool(const Entry&)>& visit);
  // What takes in results from a snapshot, opened at the first; channel: the class that its way proves.
  ScanTaker taker(std::string channel, std::string repository);
  // For members of the network of peers, whatever was stored by then.
  std::optional<GivenScan> find(const Digest& id, const std::function<Digest(BytesView)>& ask_id) override;
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
  bool is_made() const;
  bool ask_peers(const results::ResultName& name);
  bool ask_peers_by_key(const std::string& hash);
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
  std::unique_ptr<results::PeerScans> peer_scans_;
  std::unique_ptr<Namespace> tree_;
};

}  // namespace rfs
