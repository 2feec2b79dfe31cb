#include "backends/secrets/audit_denials.h"

namespace rfs::audit {
namespace {

constexpr auto kSecond = std::chrono::seconds(1);

}  // namespace

bool Denials::admit(const AuditEvent& event, SteadyTime now) {
  auto seconds = seconds_.lock();
  std::pair<uid_t, std::string> key{event.accessor.uid, event.reason};
  if (seconds->size() >= kMostKeys && !seconds->contains(key)) {
    // Quiet ones need not be remembered.
    std::erase_if(*seconds, [&](const auto& entry) {
      return now - entry.second.begin >= kSecond && entry.second.suppressed == 0;
    });
    if (seconds->size() >= kMostKeys) key = {static_cast<uid_t>(-1), ""};
  }
  Second& second = (*seconds)[key];
  // A second that ended with a count stays until take() has told it.
  if (now - second.begin >= kSecond && second.suppressed == 0) second = {now, 0, 0, {}};
  if (second.lines < kMostLines && now - second.begin < kSecond) {
    ++second.lines;
    return true;
  }
  ++second.suppressed;
  second.last = event;
  second.last.credential.clear();
  second.last.scope.clear();
  return false;
}

std::vector<Denials::Summary> Denials::take(SteadyTime now, bool all) {
  std::vector<Summary> out;
  auto seconds = seconds_.lock();
  for (auto& [key, second] : *seconds) {
    if (second.suppressed == 0 || (!all && now - second.begin < kSecond)) continue;
    out.push_back({std::move(second.last), second.suppressed});
    second = {now, 0, 0, {}};
  }
  return out;
}

bool Denials::pending() {
  auto seconds = seconds_.lock();
  for (const auto& [key, second] : *seconds)
    if (second.suppressed > 0) return true;
  return false;
}

}  // namespace rfs::audit
