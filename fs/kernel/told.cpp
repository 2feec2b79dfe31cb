#include "fs/kernel/told.h"

#include <algorithm>

namespace rfs {
namespace {
constexpr std::chrono::seconds kCounts{10};
}

Told::Entries::iterator Told::find(Entries& entries, pid_t thread, const std::string& path) {
  SteadyTime now = clock_.steady();
  while (!entries.empty() && entries.front().at + kCounts < now) entries.pop_front();
  return std::find_if(entries.begin(), entries.end(),
                      [&](const Entry& entry) { return entry.thread == thread && entry.path == path; });
}

void Told::tell(pid_t thread, const std::string& path, KernelNodePtr draft) {
  auto entries = entries_.lock();
  if (auto found = find(*entries, thread, path); found != entries->end()) entries->erase(found);
  if (entries->size() == kMost) entries->pop_front();
  entries->push_back({thread, path, std::move(draft), clock_.steady()});
}

bool Told::take(pid_t thread, const std::string& path) {
  auto entries = entries_.lock();
  auto found = find(*entries, thread, path);
  if (found == entries->end()) return false;
  entries->erase(found);
  return true;
}

KernelNodePtr Told::draft(pid_t thread, const std::string& path) {
  auto entries = entries_.lock();
  if (entries->empty()) return nullptr;
  auto found = find(*entries, thread, path);
  return found == entries->end() ? nullptr : found->draft;
}

}  // namespace rfs
