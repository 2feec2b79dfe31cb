#include "base/error_ring.h"

#include <cstring>

#include "base/json.h"

namespace rfs {

void ErrorRing::add(const std::string& path, const Error& error,
                    const std::deque<std::pair<std::string, std::string>>& details) {
  counters_.add(Counter::kErrors);
  int number = to_errno(error.code);
  const char* name = strerrorname_np(number);
  JsonLine line;
  line.text("time", rfc3339(clock_.wall()))
      .text("path", path)
      .number("errno", static_cast<std::int64_t>(number))
      .text("code", name ? name : to_word(error.code))
      .text("message", error.message)
      .text("hint", error.hint);
  if (error.position >= 0) line.number("position", error.position);
  for (const auto& [member, value] : details) line.text(member, value);
  std::string text = line.str();
  auto lines = lines_.lock();
  lines->push_back(std::move(text));
  if (lines->size() > kMost) lines->pop_front();
}

std::string ErrorRing::jsonl() {
  std::string out;
  auto lines = lines_.lock();
  for (const std::string& line : *lines) {
    out += line;
    out += '\n';
  }
  return out;
}

std::size_t ErrorRing::size() { return lines_.lock()->size(); }

}  // namespace rfs
