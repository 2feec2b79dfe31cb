// Negatives: names that the origin just said do not exist. In memory only, bounded, for some seconds. Any thread.
#pragma once

#include <string>
#include <unordered_map>

#include "base/sync.h"
#include "base/time.h"

namespace rfs {

class Negatives {
 public:
  Negatives(const Clock& clock, double seconds, std::size_t most = 4096)
      : clock_(clock), seconds_(seconds), most_(most) {}
  void remember(const std::string& id);
  bool contains(const std::string& id);
  void forget(const std::string& id);

 private:
  const Clock& clock_;
  const double seconds_;
  const std::size_t most_;
  Sync<std::unordered_map<std::string, SteadyTime>> until_;
};

}  // namespace rfs
