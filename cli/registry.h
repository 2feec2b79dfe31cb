// The registry of peers of a daemon (backends/actions/peer_registry.h): whether it is to be used, the client that does so, and
// what is shown of it.
#pragma once

#include <memory>
#include <string>

#include "backends/actions/registry_finder.h"
#include "backends/github/identity.h"
#include "backends/peers/peers.h"
#include "backends/secrets/context.h"
#include "cli/config.h"

namespace rfs {

// "octo/hello", whose registry it is. Failure: why there is none for this daemon, and what to do.
Result<std::string> registry_place(const Settings& settings, const Context& context);

class Registry {
 public:
  // What is named here outlives it.
  struct Parts {
    const Settings& settings;
    IdentitySource& identities;
    Peers& peers;  // started
    const Clock& clock;
    Counters& counters;
    ErrorRing& errors;
    std::string runner;           // the name to be entered under
    std::function<bool()> spare;  // RegistryFinder::Parts
  };
  // Begins at once. repository: registry_place().
  Registry(const Parts& parts, const std::string& repository);
  // Takes the own entry out; waits for that for three seconds at most.
  ~Registry();
  std::string json();  // any thread

 private:
  struct Clients;
  const std::string repository_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<RegistryFinder> finder_;
};

// For a node without a registry.
std::string no_registry_json(const Error& why);
// What people read of the JSON at `registry` of status.json and peers.json: one line.
std::string registry_text(const std::string& document, double now);
// One request or two, as the daemon makes them: whether the registry can be read. False: nobody has made it yet.
Result<bool> try_registry(const Settings& settings, IdentitySource& identities, const std::string& repository);

}  // namespace rfs
