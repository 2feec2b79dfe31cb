#include "backends/github/origin.h"

#include <unistd.h>

#include <climits>
#include <condition_variable>
#include <cstdlib>

#include "backends/github/flight.h"
#include "backends/github/origin_parts.h"
#include "backends/github/replay.h"
#include "backends/http/client.h"
#include "backends/http/url.h"
#include "base/log.h"

namespace rfs {

namespace {

struct Base {
  std::string url;   // for requests: no '/' at its end
  std::string host;  // for canonical_key
  std::string who;   // for messages
  bool https = false;
  bool plain = false;
  std::string recordings;  // a directory
};

Result<Base> parse_base(const std::string& text) {
  const std::string hint = "GITHUB_API_URL is https://HOST, https://HOST/api/v3, or file://DIR for recorded answers";
  if (text.starts_with("file://")) {
    std::string directory = text.substr(7);
    // Made absolute now: a daemon changes its directory.
    if (char absolute[PATH_MAX]; ::realpath(directory.c_str(), absolute)) directory = absolute;
    return Base{kReplayBase, directory, "the recording in " + directory, false, false, directory};
  }
  auto url = parse_url(text);
  if (!url || !url->query.empty()) return fail(Code::kUsage, "the address of the API is not usable", hint);
  std::string path = url->path;
  while (path.ends_with('/')) path.pop_back();
  const bool https = url->scheme == "https";
  return Base{url->scheme + "://" + url->authority() + path, url->authority() + path, "GitHub", https, !https, ""};
}

// GitHub answers some names of browsers and tools with pretty-printed bodies, which the ETag formula does not fit.
std::string checked_agent(std::string agent) {
  bool bad = agent.empty() || agent.size() > 200;
  for (unsigned char c : agent) bad = bad || c < 0x20 || c >= 0x7f;
  std::string low = agent;
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const char* name : {"curl", "wget", "safari", "firefox"}) bad = bad || low.find(name) != std::string::npos;
  if (!bad) return agent;
  log(Level::kWarning, "the user agent is not usable, runnerfs/{} is sent instead", RFS_VERSION);
  return std::string("runnerfs/") + RFS_VERSION;
}

std::string no_proof(const OriginOptions& options, const Base& base) {
  if (!options.etag_proof) return "switched off by the configuration";
  return base.https ? "" : "the address of the API is not https";
}

std::unique_ptr<Transport> make_transport(const OriginOptions& options, const Base& base, Pool& pool) {
  if (!base.recordings.empty()) return std::make_unique<Replay>(base.recordings, pool);
  HttpClientOptions client;
  client.ca_file = options.ca_file;
  client.plain_http = base.plain;
  client.max_connections = options.max_connections;
  client.max_in_flight = options.max_in_flight;
  return std::make_unique<HttpClient>(std::move(client));
}

}  // namespace

Result<> check_base_url(const std::string& text) {
  TRY(parse_base(text));
  return {};
}

class Origin::Impl {
 public:
  Impl(OriginOptions options, const Routes& routes, IdentitySource& identities, const Clock& clock, Pool& pool,
       Counters& counters, ErrorRing& errors, std::unique_ptr<Transport> transport)
      : options_(std::move(options)),
        parsed_(parse_base(options_.base_url)),
        base_(parsed_.value_or(Base{})),
        transport_(transport ? std::move(transport) : make_transport(options_, base_, pool)),
        limits_(clock),
        proof_(clock, no_proof(options_, base_)),
        parts_{options_,    routes,  identities, clock,     pool,       counters, errors,
               *transport_, limits_, proof_,     base_.url, base_.host, base_.who} {
    options_.user_agent = checked_agent(options_.user_agent);
  }

  ~Impl() {
    transport_->stop();
    auto count = under_way_.lock();
    idle_.wait(count.lock(), [&] { return *count == 0; });
  }

  void ask(Ask ask, Flight::Done done) {
    if (!parsed_) {
      parts_.errors.add("api/" + ask.request->display, parsed_.error());
      return done(tl::unexpected(parsed_.error()));
    }
    ++*under_way_.lock();
    Flight::start(parts_, std::move(ask), [this, done = std::move(done)](Result<std::optional<Answer>> result) {
      done(std::move(result));
      auto count = under_way_.lock();
      if (--*count == 0) idle_.notify_all();
    });
  }

  bool prefer_stale(const ApiRequest& request) {
    auto identity = parts_.identities.current();
    if (!identity) return false;
    const Route* route = parts_.routes.find(request.path);
    return limits_.low((*identity)->partition, limits_.resource(route ? route->pattern : "", request.path),
                       options_.limit_low);
  }

  std::vector<RateWindow> windows() {
    auto identity = parts_.identities.current();
    return identity ? limits_.windows((*identity)->partition) : std::vector<RateWindow>();
  }

  const std::string& host() const { return base_.host; }
  std::string proof_state() { return proof_.off(); }

 private:
  OriginOptions options_;  // constant after construction
  const Result<Base> parsed_;
  const Base base_;
  const std::unique_ptr<Transport> transport_;
  RateLimits limits_;
  ProofControl proof_;
  const OriginParts parts_;
  Sync<int> under_way_{0};
  std::condition_variable idle_;
};

Origin::Origin(OriginOptions options, const Routes& routes, IdentitySource& identities, const Clock& clock, Pool& pool,
               Counters& counters, ErrorRing& errors, std::unique_ptr<Transport> transport)
    : impl_(std::make_unique<Impl>(std::move(options), routes, identities, clock, pool, counters, errors,
                                   std::move(transport))) {}
Origin::~Origin() = default;
void Origin::ask(Ask ask, std::function<void(Result<std::optional<Answer>>)> done) {
  impl_->ask(std::move(ask), std::move(done));
}
bool Origin::prefer_stale(const ApiRequest& request) { return impl_->prefer_stale(request); }
std::vector<RateWindow> Origin::windows() { return impl_->windows(); }
const std::string& Origin::host() const { return impl_->host(); }
std::string Origin::proof_state() { return impl_->proof_state(); }

}  // namespace rfs
