// What an action tells the daemon that it starts, through a pipe: the daemon's own environment holds next to nothing, since
// every later step of the job can read it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "cli/config.h"
#include "cli/secrets_env.h"

namespace rfs {

struct DaemonOrder {
  Environment environment;  // of the job: GITHUB_*, RUNNER_*, options; no secret
  std::vector<FlagValue> settings;
  std::string directory;   // the checkout's
  std::string mountpoint;  // "": no mount
  std::string socket;
  pid_t runner = 0;  // the job's worker process: when it ends, so does the daemon; 0: not known
  EnvironmentToken token;
};

SecretBytes order_text(const DaemonOrder& order);
// kInvalid for what is no order.
Result<DaemonOrder> parse_order(const SecretBytes& text);

}  // namespace rfs
