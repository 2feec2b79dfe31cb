// The secret of a fleet, looked up in one way for all that is made of it: the keys of its network of peers, of its snapshots
// and of its beacons, each under a label of its own. A fleet secret, a text, or, weaker and for the network alone, a
// long-lived token.
#pragma once

#include <string>
#include <string_view>

#include "backends/github/identity.h"
#include "backends/peers/peers.h"
#include "base/result.h"
#include "cli/secrets_env.h"
#include "cli/settings.h"

namespace rfs {

struct NetworkSecret {
  PeersSecret secret;
  std::string origin;    // "CACHE_P2P_SHARED_SECRET", "--p2p-secret-file", "GITHUB_TOKEN"
  std::string weakness;  // why it is weaker than it could be, or ""
};

// What the owner gave: the file of p2p.secret_file, else the environment. A file that the configuration alone names gives way
// to the environment, as every setting does. kNoKey: nothing was given, or the file cannot be had (`given` tells them
// apart). kInvalid: it looks like a fleet secret and is none.
bool network_secret_given(const Settings& settings, const EnvironmentToken& environment);
Result<NetworkSecret> given_network_secret(const Settings& settings, const EnvironmentToken& environment);

// Of text as it was given. kInvalid: it looks like a fleet secret and is none.
Result<NetworkSecret> network_secret_of(std::string_view text, std::string_view origin);
// Of a file: one line, and a second one for the secret before a rotation.
Result<NetworkSecret> network_secret_of_file(const std::string& path);
// Of the token that GitHub is asked with. kNoKey: there is none, or one that ends with the job.
Result<NetworkSecret> network_secret_of_token(const Identity& identity);

}  // namespace rfs
