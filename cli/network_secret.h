// The secret of a network of peers: a fleet secret, a text, or, weaker, a long-lived token.
#pragma once

#include <string>
#include <string_view>

#include "backends/github/identity.h"
#include "backends/peers/peers.h"
#include "base/result.h"

namespace rfs {

struct NetworkSecret {
  PeersSecret secret;
  std::string origin;    // "CACHE_P2P_SHARED_SECRET", "--p2p-secret-file", "GITHUB_TOKEN"
  std::string weakness;  // why it is weaker than it could be, or ""
};

// Of text as it was given. kInvalid: it looks like a fleet secret and is none.
Result<NetworkSecret> network_secret_of(std::string_view text, std::string_view origin);
// Of a file: one line, and a second one for the secret before a rotation.
Result<NetworkSecret> network_secret_of_file(const std::string& path);
// Of the token that GitHub is asked with. kNoKey: there is none, or one that ends with the job.
Result<NetworkSecret> network_secret_of_token(const Identity& identity);

}  // namespace rfs
