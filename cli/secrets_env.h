// Secrets of the environment: into locked memory, and out of /proc/PID/environ.
#pragma once

#include <string>

#include "base/secret.h"

namespace rfs {

struct EnvironmentToken {
  SecretBytes bytes;
  std::string name;  // "GITHUB_TOKEN" | "GH_TOKEN" | ""
  SecretBytes network;  // the secret of the network of peers, as it was given; empty: none was
  std::string network_name;  // "CACHE_P2P_SHARED_SECRET", …
  SecretBytes runtime;       // ACTIONS_RUNTIME_TOKEN: for the Actions cache alone
};

// The secret of the fleet alone, copied: RUNNERFS_P2P_SHARED_SECRET, else CACHE_P2P_SHARED_SECRET; `bytes` stays empty.
// Before take_secrets(), which removes it. network_secret.h says what becomes of it.
EnvironmentToken copy_network_secret();

// Takes GITHUB_TOKEN, else GH_TOKEN; the secret of peers; and ACTIONS_RUNTIME_TOKEN. Every variable that may hold a secret (tokens, passwords, an action's inputs) is
// overwritten in place, so that neither a child nor a reader of /proc/PID/environ sees it, and removed.
// Called once, first, while there is one thread.
EnvironmentToken take_secrets();

// A copy of one variable in locked memory, without the blanks around it; empty when it is not set. Before
// take_secrets(), which removes it.
SecretBytes copy_secret(const char* name);

// Whether a variable of that name is taken to hold a secret.
bool names_secret(std::string_view name);

}  // namespace rfs
