// What `doctor` looks at, in the order in which one thing causes the next. Each check prints nothing and answers lines.
#pragma once

#include <string>
#include <vector>

#include "cli/config.h"
#include "cli/secrets_env.h"

namespace rfs {

struct Finding {
  enum class Grade { kOk, kWarn, kFail };
  Grade grade = Grade::kOk;
  std::string what;  // "/dev/fuse"
  std::string text;
  std::string hint;
};
using Findings = std::vector<Finding>;

// doctor_machine.cpp: asks this machine alone.
void check_fuse(Findings& out);
void check_mounts(Findings& out, const Environment& environment);
void check_directories(Findings& out, const Settings& settings, const Environment& environment);
void check_key(Findings& out, const Settings& settings, const Environment& environment);
void check_stores(Findings& out, const Settings& settings, const Environment& environment);
// doctor_credentials.cpp
void check_credentials(Findings& out, const Settings& settings, const Environment& environment);
// doctor_peers.cpp. running: peers.json of a daemon, or "". closely: named peers are dialled, beacons are listed, and no
// secret is a failure.
void check_peers(Findings& out, const Settings& settings, const EnvironmentToken& token, const Environment& environment,
                 const std::string& running, bool closely);
// doctor_origin.cpp: one request to GitHub that costs no quota (/rate_limit), with the token that a mount would use.
// Answers what it says of the clock, which comes last.
Findings check_origin(Findings& out, const Configuration& configuration, EnvironmentToken token,
                      const Environment& environment);

}  // namespace rfs
