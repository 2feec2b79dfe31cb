// What the flights of one Origin share. Everything here outlives them; each part says for itself which threads it
// takes.
#pragma once

#include <string>

#include "backends/github/identity.h"
#include "backends/github/origin.h"
#include "backends/github/proof.h"
#include "backends/github/rate.h"
#include "backends/github/routes.h"
#include "backends/http/transport.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/pool.h"

namespace rfs {

struct OriginParts {
  const OriginOptions& options;
  const Routes& routes;
  IdentitySource& identities;
  const Clock& clock;
  Pool& pool;
  Counters& counters;
  ErrorRing& errors;
  Transport& transport;
  RateLimits& limits;
  ProofControl& proof;
  const std::string& base_url;  // what request paths are appended to: no '/' at its end
  const std::string& host;      // as in canonical_key
  const std::string& who;       // who answers, in messages: "GitHub"
};

}  // namespace rfs
