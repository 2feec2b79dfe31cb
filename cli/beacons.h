// Beacons of a daemon: whether it can find peers through the Actions cache, the clients that it does so with, and what is
// shown of it. How and when: backends/actions/beacon.h, beacon_finder.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/actions/beacon_finder.h"
#include "backends/github/identity.h"
#include "backends/peers/peers.h"
#include "backends/secrets/context.h"
#include "cli/config.h"

namespace rfs {

// Where beacons hang, and whether this job may hang up its own.
struct BeaconPlace {
  CacheEndpoint endpoint;
  std::string repository;
  std::string looks_only;  // why nothing is hung up, or ""
};
// runtime: whether there is a token for the cache service. Without one nothing is looked for, either, unless the owner says
// p2p.beacons: a request that nobody expects is a request too many. Failure: why not, and what to do.
Result<BeaconPlace> beacon_place(const Settings& settings, const Environment& environment, const Context& context, bool runtime);

class Beacons {
 public:
  // What is named here outlives it.
  struct Parts {
    const Settings& settings;
    IdentitySource& identities;
    Peers& peers;  // started
    const Clock& clock;
    Counters& counters;
    ErrorRing& errors;
    std::function<bool()> spare;  // BeaconFinder::Parts
  };
  // Begins at once. keys: Peers::beacon_keys(). runtime: ACTIONS_RUNTIME_TOKEN.
  Beacons(const Parts& parts, BeaconPlace place, std::vector<SecretBytes> keys, const SecretBytes& runtime);
  ~Beacons();
  std::string json();  // any thread

 private:
  struct Clients;
  const std::string looks_only_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<BeaconFinder> finder_;
};

// For a node without beacons.
std::string no_beacons_json(const Error& why);
// What people read of the JSON at `beacons` of status.json and peers.json: one line.
std::string beacons_text(const std::string& document, double now);
// One request, as the daemon makes them: whether the caches of the repository can be listed.
Result<> try_beacons(const Settings& settings, IdentitySource& identities, const BeaconPlace& place);

}  // namespace rfs
