// Daemon: every object of the program, built by name in the order in which data passes through them, owned by one
// struct. `mount` and `serve` put fronts before it; commands without a daemon use the same objects in their own
// process.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/cache/cache.h"
#include "backends/chain.h"
#include "backends/github/identity.h"
#include "backends/github/origin.h"
#include "backends/github/routes.h"
#include "backends/memory_tier.h"
#include "backends/peers/peers.h"
#include "backends/secrets/context.h"
#include "backends/secrets/vault.h"
#include "backends/store/entry_store.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/file.h"
#include "base/pool.h"
#include "cli/beacons.h"
#include "cli/registry.h"
#include "cli/config.h"
#include "cli/keys.h"
#include "cli/network_secret.h"
#include "cli/places.h"
#include "cli/scans.h"
#include "cli/secrets_env.h"
#include "cli/totals.h"
#include "fs/kernel/session.h"
#include "fs/socket.h"
#include "fs/tree/api.h"
#include "fs/tree/cache.h"
#include "fs/tree/info.h"
#include "fs/tree/lazy.h"
#include "fs/tree/root.h"

namespace rfs {

// What the route table is built from.
RouteOptions route_options(const Settings& settings);

class Daemon {
 public:
  // Failure: a source of the root key that the owner named cannot serve, or a user that does not exist. A store that
  // cannot be had is no failure: see trouble().
  static Result<std::unique_ptr<Daemon>> build(const Configuration& configuration, EnvironmentToken token,
                                               const Environment& environment);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // The fronts. Once each, before serving; failures name the cause.
  Result<> start_mount(const std::string& mountpoint, const std::vector<std::string>& passed);
  Result<> start_socket(const std::string& path);
  // The first question for the credential may have to ask gh: not while a reader waits.
  void ask_for_token();
  // Enters the network of peers, or notes why not. Before serving, after the process has daemonised.
  void start_peers(const Environment& environment);
  // Once a second while serving: what other processes changed, limits that run low, counts that must be kept.
  void tick();
  // Writes out what is queued and the totals. Before the end.
  void close();

  Root& root() { return root_; }
  // For what works on a store as a whole (snapshot.h). Outlived by the daemon.
  EntryStore& store() { return *store_; }
  const Routes& routes() const { return *routes_; }
  Result<IdentityPtr> identity() { return identities_->current(); }
  Counters& counters() { return counters_; }
  Scans& scans() { return *scans_; }
  // What a snapshot chooses from: the entries of the store, and results of scans. Outlived by the daemon.
  EntrySource travelling();
  Session* session() { return session_.get(); }
  User served() const { return served_; }
  // Why what is written ends with this process; nullopt when it is kept on disk.
  std::optional<Error> not_kept() const;
  // Why the store on disk, which is wanted, could not be opened: what it holds was not looked at.
  const std::optional<Error>& store_trouble() const { return store_trouble_; }
  bool nonempty() const { return settings_.nonempty; }
  // What the user should read at the start: decisions of a first run; what is weak or does not work.
  const std::vector<std::string>& notices() const { return notices_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // Set by the ctl command `unmount`; the main loop (front.cpp) acts on it, woken by SIGUSR2 to this process.
  enum class Stop { kNo, kWhenFree, kDetach };
  std::atomic<Stop> stop{Stop::kNo};
  std::atomic<bool> serving{false};
  // Why the last attempt to unmount failed, for whoever asked for it.
  Sync<std::string> stop_error;

  // The files below .runnerfs/ (info_*.cpp) and its control file (control.cpp).
  std::string stats_json();
  std::string totals_json();
  std::string metrics_text();
  std::string daemon_json();
  std::string status_json();
  std::string rate_json();
  std::string peers_json();
  Result<> control(const std::string& command, const Caller& caller);

  // Opens secrets/ now instead of at its first use, so that its trouble is known (warnings(), status). Before serving.
  void open_secrets();

 private:
  Daemon(const Configuration& configuration, User served, ChosenKey key, Context context, KeySourceOptions keys);
  Result<> open_store();
  void build_tiers(EnvironmentToken token);
  void build_trees(const Environment& environment);
  void trouble(const std::string& what, const Error& error);
  Result<> run_control(const std::string& command, const Caller& caller);
  Result<> count_skipped_scan(const std::string& seconds);
  // daemon_secrets.cpp
  // daemon_entries.cpp
  void add_entries();
  Namespace* make_secrets();
  Result<std::unique_ptr<Vault>> open_vault(std::string& notice);
  std::string secrets_json();
  std::string context_json() const;
  Result<> control_secrets(const std::string& command, const Caller& caller);
  Vault::State credentials();
  // daemon_peers.cpp
  Result<> enter_network(const Environment& environment);
  void start_beacons(const Environment& environment, const SecretBytes& runtime);
  void start_registry(const Environment& environment);
  std::function<bool()> spare_calls();
  std::string beacons_json();
  std::string registry_json();
  SecretBytes node_identity();
  std::string peers_status_json();
  std::string stats_of(const Totals::Values& values);

  // Constant after build.
  const Settings settings_;
  const User served_;
  const SystemClock clock_;
  const double started_ = clock_.wall();
  ChosenKey key_;
  const Context context_;
  const KeySourceOptions key_options_;
  Isolation isolation_;  // set by make_secrets(), before serving
  bool on_disk_ = false;
  std::optional<Error> store_trouble_;  // why answers are not kept on disk, though they should be
  std::string mountpoint_;
  Sync<std::string> socket_path_;  // the mount answers already when it is known
  std::vector<std::string> notices_, warnings_;

  // In the order in which a read passes through them. Each is safe for any thread.
  Counters counters_;
  ErrorRing errors_{clock_, counters_};
  std::unique_ptr<EntryStore> store_;
  std::unique_ptr<Totals> totals_;
  std::unique_ptr<MemoryTier> memory_;
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<IdentitySource> identities_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Origin> origin_;
  std::unique_ptr<Peers> peers_;
  std::unique_ptr<Chain> chain_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<ApiTree> api_tree_;
  std::unique_ptr<CacheTree> cache_tree_;
  Sync<std::shared_ptr<Vault>> vault_;  // null: secrets/ was not used yet, or could not be had
  std::string secrets_trouble_;         // why it could not
  std::unique_ptr<Namespace> secrets_tree_;
  Lazy secrets_{[this] { return make_secrets(); }};
  std::unique_ptr<Scans> scans_;
  InfoTree info_{clock_};
  Root root_{settings_.allow_other};
  EnvironmentToken network_secret_;   // its network and runtime parts alone; emptied by start_peers()
  std::optional<FileLock> node_lock_;  // whoever holds it has the store's peer id
  std::string peers_off_ = "this process serves nobody", peers_hint_;
  std::unique_ptr<Beacons> beacons_;
  Error beacons_off_{Code::kUnsupported, "there are no peers", {}};
  std::unique_ptr<Registry> registry_;
  Error registry_off_{Code::kUnsupported, "there are no peers", {}};
  std::string peers_secret_, peers_weakness_;  // where the secret came from, and what is weak about it
  std::unique_ptr<SocketServer> socket_;
  std::unique_ptr<Session> session_;

  // Of the main thread, in tick().
  unsigned ticks_ = 0;
  std::map<std::string, double> warned_;  // resource → reset time of the window that was warned of
};

}  // namespace rfs
