// Denials: so that a flood of refused accesses cannot fill the disk, FORMATS D.7. Ten lines a second for each uid and
// reason; the rest is counted, and one line a second says how many. Any thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backends/secrets/audit.h"
#include "base/sync.h"

namespace rfs::audit {

class Denials {
 public:
  // Whether the event gets a line of its own.
  bool admit(const AuditEvent& event, SteadyTime now);
  struct Summary {
    AuditEvent event;  // the last that was counted; no credential, as there may be many
    std::uint64_t suppressed = 0;
  };
  // What is due: the seconds that are over, or all.
  std::vector<Summary> take(SteadyTime now, bool all = false);
  bool pending();

 private:
  static constexpr unsigned kMostLines = 10;
  static constexpr std::size_t kMostKeys = 1024;  // beyond: all others share one
  struct Second {
    SteadyTime begin;
    unsigned lines = 0;
    std::uint64_t suppressed = 0;
    AuditEvent last;
  };
  Sync<std::map<std::pair<uid_t, std::string>, Second>> seconds_;
};

}  // namespace rfs::audit
