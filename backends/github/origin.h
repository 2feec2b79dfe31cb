// Origin: GitHub as the last tier. Conditional requests, limits, redirects, retries, cross-token proof.
// The rules and their sources: runnerfs(7), "How answers are cached".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backends/github/identity.h"
#include "backends/github/routes.h"
#include "backends/http/transport.h"
#include "backends/tier.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/pool.h"

namespace rfs {

struct OriginOptions {
  std::string base_url = "https://api.github.com";  // GITHUB_API_URL; https, or http and file:// named explicitly
  std::string ca_file;                              // --ca-file; else SSL_CERT_FILE, else the system store
  std::string user_agent = "runnerfs/0.1";          // never curl, Wget, Safari, Firefox: those get pretty-printed bodies
  std::uint64_t max_object_size = 100u << 20;       // beyond it EFBIG
  Millis timeout{30'000};                           // of a read, retries included (--origin-timeout)
  unsigned max_connections = 8;
  unsigned max_in_flight = 64;                      // below GitHub's 100 concurrent requests
  bool etag_proof = true;                           // cross-token proof by recomputed ETag
  int limit_low = 50;                               // remaining at or below it: serve stale where there is a copy
};

// One rate-limit window as answers told it; from the network only, never from stored headers.
struct RateWindow {
  std::string resource;  // "core", "search", …
  std::int64_t limit = -1, remaining = -1, used = -1;
  double reset = 0;      // wall seconds
  double blocked_until = 0;  // secondary limit or Retry-After; 0: not blocked
};

// kUsage with a hint when options.base_url could not be one. Every ask of an Origin with such a URL fails with the same.
Result<> check_base_url(const std::string& text);

class Origin final : public OriginTier {
 public:
  // transport: by default libcurl, or recorded answers (replay.h) for a file:// URL. Everything named outlives it.
  Origin(OriginOptions options, const Routes& routes, IdentitySource& identities, const Clock& clock, Pool& pool,
         Counters& counters, ErrorRing& errors, std::unique_ptr<Transport> transport = nullptr);
  // Ends what is in flight with kAborted, then joins the network thread. Not from a thread of the pool.
  ~Origin() override;

  // As RemoteTier. Failures: kNotFound (404, 410), kDenied (401, 403, 451), kLimited (also 202), kTimeout,
  // kUnreachable, kBroken (5xx, a broken answer), kTooLarge, kLoop. Each is also a line in the ErrorRing.
  // The entry's body is a MemoryBody, whole and checked against Content-Length.
  void ask(Ask ask, std::function<void(Result<std::optional<Answer>>)> done) override;

  // True when the window of this request's resource is low or gone for the current identity: prefer a copy.
  bool prefer_stale(const ApiRequest& request) override;
  std::vector<RateWindow> windows();
  // "api.github.com", as canonical_key wants it.
  const std::string& host() const override;
  // Why proof is off for the host ("" when it is on, or not yet tried): doctor and status show it.
  std::string proof_state();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
