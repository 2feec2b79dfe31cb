// ProofControl: may a 304 to a recomputed ETag be believed? (runnerfs(7), "How answers are cached".)
//
// Something between us and GitHub that says 304 to everything would make any bytes look confirmed. So before the first
// proof, and then hourly, for each credential one request with a random tag must be answered as changed. A 304 to it
// turns proof off for as long as this object lives. Nothing is sent before somebody wants a proof. Any thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/sync.h"
#include "base/time.h"

namespace rfs {

class ProofControl {
 public:
  // off: why there can be no proof at all (the base URL is not https, the configuration says no); "" otherwise.
  ProofControl(const Clock& clock, std::string off) : clock_(clock), state_(State{std::move(off), {}}) {}

  enum class Next {
    kOff,      // ask without a condition
    kProve,    // send the recomputed tag
    kControl,  // send a random tag first, then call finished()
    kWait,     // somebody else's control is under way: `resume` will be called with kProve or kOff
  };
  Next next(const std::string& partition, std::function<void(Next)> resume);

  enum class Outcome {
    kGood,     // 200 or 404
    kLies,     // 304 to a tag that nobody ever had
    kUnknown,  // no verdict: those who wait go on without proof, the next one tries again
  };
  void finished(const std::string& partition, Outcome outcome);

  // Why proof is off; "" when it is on, or not yet tried.
  std::string off();

 private:
  struct Credential {
    SteadyTime good_until{};
    bool running = false;
    std::vector<std::function<void(Next)>> waiting;
  };
  struct State {
    std::string off;
    std::map<std::string, Credential> credentials;
  };
  const Clock& clock_;
  Sync<State> state_;
};

}  // namespace rfs
