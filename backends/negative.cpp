#include "backends/negative.h"

namespace rfs {

void Negatives::remember(const std::string& id) {
  const SteadyTime now = clock_.steady();
  auto until = until_.lock();
  if (until->size() >= most_) {
    std::erase_if(*until, [&](const auto& one) { return one.second <= now; });
    // Still full of fresh ones: forgetting any of them costs one request, no more.
    if (until->size() >= most_) until->erase(until->begin());
  }
  (*until)[id] = now + std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(seconds_));
}

bool Negatives::contains(const std::string& id) {
  auto until = until_.lock();
  auto at = until->find(id);
  if (at == until->end()) return false;
  if (clock_.steady() < at->second) return true;
  until->erase(at);
  return false;
}

void Negatives::forget(const std::string& id) { until_.lock()->erase(id); }

}  // namespace rfs
