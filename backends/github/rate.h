// RateLimits: what GitHub's answers said about our limits, and when no request may leave. Any thread.
//
// A window belongs to one credential and one resource ("core", "search"); it is fed by answers from the network alone.
// Headers that are absent (GHES) mean no limit. A gate that is closed answers at once: no reader ever waits for it.
// Times are kept on the steady clock, from the server's own Date, so that a wrong or stepping wall clock opens nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backends/github/origin.h"
#include "backends/http/headers.h"
#include "base/sync.h"
#include "base/time.h"

namespace rfs {

class RateLimits {
 public:
  explicit RateLimits(const Clock& clock) : clock_(clock) {}

  // The resource of a path: what an earlier answer for `place` (a route's pattern) said, else a guess by the path.
  std::string resource(const std::string& place, std::string_view path);

  struct Gate {
    double until = 0;        // wall seconds
    bool secondary = false;  // of the whole credential
  };
  // Why nothing may be asked now; nullopt: ask.
  std::optional<Gate> gate(const std::string& partition, const std::string& resource);

  // Every answer of the API's own host. `ok`: a 2xx or 304, which ends the growing of secondary waits.
  void note(const std::string& partition, const std::string& place, std::string_view path, const HeaderList& headers,
            bool ok);
  // A 403 or 429 that spoke of a limit. Closes the gate and answers it.
  Gate primary(const std::string& partition, const std::string& resource, const HeaderList& headers);
  Gate secondary(const std::string& partition, const HeaderList& headers);

  // True when at most min(most, a tenth of the limit) requests are left, or the gate is closed.
  bool low(const std::string& partition, const std::string& resource, std::int64_t most);
  std::vector<RateWindow> windows(const std::string& partition);

 private:
  struct Window {
    RateHeaders said;
    SteadyTime reset{};    // when it starts anew
    SteadyTime blocked{};  // nothing is asked before
  };
  struct Credential {
    std::map<std::string, Window> windows;
    SteadyTime blocked{};  // secondary limit
    int strikes = 0;       // secondary limits in a row
  };
  struct State {
    std::map<std::string, Credential> credentials;
    std::map<std::string, std::string> resources;  // place → resource, as answers said
  };
  double wall_of(SteadyTime time) const;
  double server_now(const HeaderList& headers) const;
  const Clock& clock_;
  Sync<State> state_;
};

}  // namespace rfs
