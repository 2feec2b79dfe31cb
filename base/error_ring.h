// The last 1,000 failures with their full story: the content of .runnerfs/errors.jsonl. Any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "base/counters.h"
#include "base/error.h"
#include "base/sync.h"
#include "base/time.h"

namespace rfs {

class ErrorRing {
 public:
  ErrorRing(const Clock& clock, Counters& counters) : clock_(clock), counters_(counters) {}
  // path: as the user sees it, below the mountpoint ("api/user.json"); empty for failures of no path.
  // details: more members of the line as name → value, e.g. request_id. No secret, no body.
  void add(const std::string& path, const Error& error, const std::deque<std::pair<std::string, std::string>>& details = {});
  // One JSON object a line, oldest first: time, path, errno, message, hint, position (if any), details.
  std::string jsonl();
  std::size_t size();

 private:
  static constexpr std::size_t kMost = 1000;
  const Clock& clock_;
  Counters& counters_;
  Sync<std::deque<std::string>> lines_;
};

}  // namespace rfs
