// The checkout around us: where it is, which repository it is of, and whether the event that runs this job comes from a
// stranger. Reads files; asks nobody.
#pragma once

#include <string>

#include "cli/config_env.h"

namespace rfs {

// The work tree around `directory` (the nearest parent with .git), else GITHUB_WORKSPACE; "" when there is neither.
std::string checkout_root(const std::string& directory, const Environment& environment);

// "octo/hello" of the remote `origin` in the work tree's configuration; "" when it cannot be told.
std::string repository_of_remote(const std::string& root);
// "octo/hello" of a remote's URL (https, ssh, scp form); "" for anything else.
std::string repository_of_remote_url(const std::string& url);

// "" for a trusted event; else why files of the checkout are not read: a pull request from a fork, or Dependabot.
// A pull request whose payload cannot be read counts as one from a fork.
std::string untrusted_event(const Environment& environment);

}  // namespace rfs
