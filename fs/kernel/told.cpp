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
  if (auto entry = find(*entries, thread, path); entry != entries->end()) entries->erase(entry);
  if (entries->size() == kMost) entries->pop_front();
  entries->push_back({thread, path, std::move(draft), clock_.steady(), nullptr});
}

void Told::found(pid_t thread, const std::string& path, const FilePtr& file) {
  auto entries = entries_.lock();
  if (entries->empty()) return;
  if (auto entry = find(*entries, thread, path); entry != entries->end()) entry->file = file;
}

Told::Taken Told::take(pid_t thread, const std::string& path) {
  auto entries = entries_.lock();
  if (entries->empty()) return {};
  auto entry = find(*entries, thread, path);
  if (entry == entries->end()) return {};
  Taken taken{true, std::move(entry->file)};
  entries->erase(entry);
  return taken;
}

KernelNodePtr Told::draft(pid_t thread, const std::string& path) {
  auto entries = entries_.lock();
  if (entries->empty()) return nullptr;
  auto entry = find(*entries, thread, path);
  return entry == entries->end() ? nullptr : entry->draft;
}

}  // namespace rfs
